"""Dark or light, kept in a cookie: the server writes it into the page, and nothing flashes."""

from starlette.requests import Request
from starlette.responses import Response

from taskoverflow.web.schemas.body import read_form
from taskoverflow.web.ui.forms import redirect_back
from taskoverflow.web.ui.viewer import THEMES, viewer_of

YEAR = 365 * 86400  # seconds


async def change(request: Request) -> Response:
    """POST /theme (the button): from the system's to light, to dark, and back."""
    given = await read_form(request)
    theme = THEMES[(THEMES.index(viewer_of(request).theme) + 1) % len(THEMES)]
    response = redirect_back(given)
    response.set_cookie("theme", theme, max_age=YEAR, samesite="lax")
    return response
