"""The description of an operation, kept on the handler that carries it out."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from taskoverflow.errors import TaskOverflowError
from taskoverflow.web.openapi.headers import Header

JSON = "application/json"

Handler = TypeVar("Handler", bound=Callable[[Request], Awaitable[Response]])


class Answer(Struct, frozen=True, kw_only=True):
    """What a status means. `schema` is the type of its body, or several, any of which it may be;
    `headers` are names in openapi/headers.py."""

    description: str
    schema: Any = None
    media_type: str = JSON
    headers: tuple[str, ...] = ()


class Body(Struct, frozen=True, kw_only=True):
    """What a request brings: by its media type a struct, or a JSON Schema of what is no JSON."""

    schemas: Mapping[str, Any]
    example: Any = None


class Operation(Struct, frozen=True, kw_only=True):
    """What a handler takes and answers. `query` is the struct of its query string; `errors` are its
    own, besides those that any request may meet."""

    summary: str
    answers: Mapping[int, Answer]
    query: type[Struct] | None = None
    headers: tuple[Header, ...] = ()
    body: Body | None = None
    errors: tuple[type[TaskOverflowError], ...] = ()
    description: str = ""


def describes(operation: Operation) -> Callable[[Handler], Handler]:
    """Keep the description on the handler."""

    def keep(handler: Handler) -> Handler:
        handler.operation = operation  # type: ignore[attr-defined]
        return handler

    return keep


def operation_of(handler: Callable[..., Any]) -> Operation | None:
    """The description on a handler, if it has one."""
    found: Operation | None = getattr(handler, "operation", None)
    return found


def json_body(schema: type[Struct], example: Any) -> Body:
    """A JSON body."""
    return Body(schemas={JSON: schema}, example=example)
