"""A route that knows who carries out what, and who may ask for it."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope as ASGIScope

from taskoverflow.tokens import Scope
from taskoverflow.web.access.gate import Handler, scope_of


class Resource(Route):
    """One route for all methods of a path, so that a 405 names them all in Allow."""

    def __init__(
        self,
        path: str,
        handlers: dict[str, Handler],
        *,
        public: bool,
        needs: Scope | None = None,
        **options: Any,
    ) -> None:
        self.handlers = handlers
        self.public = public
        self._needs = needs

        async def dispatch(request: Request) -> Response:
            request.state.route = path  # for the metrics
            method = "get" if request.method == "HEAD" else request.method.lower()
            return await handlers[method](request)

        super().__init__(path, dispatch, methods=[method.upper() for method in handlers], **options)

    def matches(self, scope: ASGIScope) -> tuple[Match, ASGIScope]:
        """Answer for the path, whatever the method: PUT /todos/bulk is no todo's."""
        match, child = super().matches(scope)
        return (Match.FULL if match is Match.PARTIAL else match), child

    def scope(self, method: str) -> Scope | None:
        """The scope of the tokens that may ask; None: no token is needed."""
        if self.public:
            return None
        return self._needs or scope_of(method)
