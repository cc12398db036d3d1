"""No foreign page changes anything through the browser of somebody who may (CSRF)."""

from starlette.datastructures import Headers
from starlette.requests import Request, cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from taskoverflow.errors import ForeignPage
from taskoverflow.web.access import session
from taskoverflow.web.access.gate import SAFE_METHODS
from taskoverflow.web.responses import render_error

OWN = frozenset({"same-origin", "none"})  # "none": typed in, or from a bookmark


class SameOrigin:
    """ASGI middleware: a change comes from one of our own pages, or from no page at all.

    Each browser since 2023 says in Sec-Fetch-Site whose page is asking, to a server on https or
    loopback; each says so in Origin. Neither can be set by a page. A form needs no secret of its
    own then, and the check holds for a service without tokens, too.
    """

    def __init__(self, app: ASGIApp, origins: list[str]) -> None:
        self.app = app
        self.origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        changes = scope["type"] == "http" and scope["method"] not in SAFE_METHODS
        if changes and not self._is_allowed(Headers(scope=scope)):
            error = ForeignPage("Only this service's own pages may do that.")
            await render_error(Request(scope), error)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _is_allowed(self, headers: Headers) -> bool:
        if "authorization" in headers:
            return True  # no browser adds that by itself
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin in self.origins or site in OWN:
            return True
        if site is not None:
            return False
        if origin is not None:
            return origin.partition("://")[2] == headers.get("host")
        # No browser; and what is none does not come with a browser's session.
        return session.COOKIE not in cookie_parser(headers.get("cookie", ""))
