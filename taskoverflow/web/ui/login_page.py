"""Where somebody with a token comes in, and goes out again."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from taskoverflow.tokens import find_token
from taskoverflow.web.access import session
from taskoverflow.web.schemas.body import read_form
from taskoverflow.web.ui.forms import redirect_back, way_back
from taskoverflow.web.ui.messages import message
from taskoverflow.web.ui.templating import render


async def show(request: Request) -> Response:
    """GET /login."""
    return _page(request, way_back(request.query_params))


async def log_in(request: Request) -> Response:
    """POST /login: a session for a token that is known here."""
    given = await read_form(request)
    token = find_token(request.app.state.tokens, given.get("token", "").strip())
    if token is None:
        await request.app.state.failed_sign_ins.note(request)
        return _page(request, way_back(given), message("login.unknown"), 401)
    response = redirect_back(given)
    await session.begin(request, response, token)
    return response


async def log_out(request: Request) -> Response:  # noqa: ARG001
    """POST /logout."""
    response = RedirectResponse("/login", status_code=303)
    session.end(response)
    return response


def _page(request: Request, back: str, error: str = "", status: int = 200) -> Response:
    return render(request, "login.html", {"back": back, "error": error}, status)
