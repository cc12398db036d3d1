"""The one door: each route says what it needs, and this sees whether the request has it."""

from collections.abc import Awaitable, Callable
from functools import wraps

from starlette.requests import Request
from starlette.responses import Response

from taskoverflow.errors import Forbidden, Unauthorized
from taskoverflow.tokens import ApiToken, Scope
from taskoverflow.web.access import session
from taskoverflow.web.access.bearer import bearer_token

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

Handler = Callable[[Request], Awaitable[Response]]


def admitting(handler: Handler, needed: Scope | None = None) -> Handler:
    """The handler, for those who may; `needed` None: what the request's method needs."""

    @wraps(handler)
    async def admit_first(request: Request) -> Response:
        await admit(request, needed)
        return await handler(request)

    return admit_first


def scope_of(method: str) -> Scope:
    """What a method needs unless its route says otherwise."""
    return Scope.READ if method.upper() in SAFE_METHODS else Scope.WRITE


async def admit(request: Request, needed: Scope | None) -> None:
    """Return if the request may pass. Without any token in the settings, whoever comes may.

    Raises Unauthorized or Forbidden.
    """
    if not request.app.state.tokens:
        return
    needed = needed or scope_of(request.method)
    token = await _token_of(request)
    if token is None:
        raise Unauthorized("This needs an API token.")
    request.state.token_name = token.name
    if token.scope < needed:
        raise Forbidden(f"This needs a token of the scope {needed.name.lower()}.")


async def _token_of(request: Request) -> ApiToken | None:
    """The token of the Authorization header, or else of the session."""
    if "authorization" not in request.headers:
        cookie = request.cookies.get(session.COOKIE)
        return await session.find(request.app, cookie) if cookie else None
    found = bearer_token(request)
    if found is None:
        await request.app.state.failed_sign_ins.note(request)
        raise Unauthorized("The API token is not known here.")
    return found
