"""An error as a page: for a person who went to an address or sent a form."""

from collections.abc import Awaitable, Callable
from functools import wraps
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from taskoverflow.errors import TaskOverflowError, Unauthorized
from taskoverflow.web.responses import render_error, translate
from taskoverflow.web.ui.messages import ENGLISH, message
from taskoverflow.web.ui.templating import render

Handler = Callable[[Request], Awaitable[Response]]


def page(handler: Handler) -> Handler:
    """A handler whose errors are pages, and not JSON; who has to sign in is led there."""

    @wraps(handler)
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except Unauthorized:
            back = quote(request.url.path, safe="")
            return RedirectResponse(f"/login?back={back}", status_code=303)
        except TaskOverflowError as error:
            return error_page(request, error)

    return answer


def render_unrouted(request: Request, error: Exception) -> Response:
    """What the router raises: a page for a browser that was led astray, JSON for all others."""
    by_browser = "text/html" in request.headers.get("accept", "")
    if not by_browser or not isinstance(error, HTTPException):
        return render_error(request, error)
    answer = error_page(request, translate(error))
    answer.headers.update(error.headers or {})
    return answer


def error_page(request: Request, error: TaskOverflowError) -> Response:
    """What went wrong, in our words if we have some for its status, else in its own."""
    key = f"error.{error.status}"
    text = message(key) if key in ENGLISH else error.message
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
    context = {"text": text, "status": error.status}
    return render(request, "error.html", context, error.status, headers)
