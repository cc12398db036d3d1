"""What an operation may answer: what it says itself, and the errors that any request may meet."""

from collections import defaultdict
from typing import Any

from taskoverflow import errors
from taskoverflow.errors import TaskOverflowError
from taskoverflow.web.access.gate import SAFE_METHODS
from taskoverflow.web.access.hosts import PROBES
from taskoverflow.web.openapi.operation import Answer, Operation
from taskoverflow.web.openapi.schemas import Schemas
from taskoverflow.web.resource import Resource
from taskoverflow.web.responses import PROBLEM, Problem

ANYWHERE = (
    errors.MalformedRequest,
    errors.RequestTimeout,
    errors.UrlTooLong,
    errors.HeadersTooLarge,
    TaskOverflowError,
)
LIMITED = ("RateLimit", "RateLimit-Policy")


def responses(
    resource: Resource, method: str, operation: Operation, schemas: Schemas
) -> dict[str, Any]:
    """The responses of an operation, by their status."""
    probe = resource.path in PROBES
    common = ("X-Request-ID",) if probe else ("X-Request-ID", *LIMITED)
    described = {
        str(status): _answer(answer, common, schemas)
        for status, answer in operation.answers.items()
    }
    kinds = defaultdict(list)
    for kind in _errors(resource, method, operation, probe=probe):
        kinds[kind.status].append(kind)
    for status, some in sorted(kinds.items()):
        if str(status) not in described:
            described[str(status)] = _problem(some, common, schemas)
    return described


def _errors(
    resource: Resource, method: str, operation: Operation, *, probe: bool
) -> set[type[TaskOverflowError]]:
    found: set[type[TaskOverflowError]] = {*ANYWHERE, *operation.errors}
    if not probe:
        found |= {errors.UntrustedHost, errors.TooManyRequests}
    if operation.query or operation.body:
        found |= {errors.InvalidInput}
    if operation.body:
        found |= {errors.BodyTooLarge, errors.UnsupportedMediaType}
    if method.upper() not in SAFE_METHODS:
        found |= {errors.ForeignPage}
    if not resource.public:
        # That of a session is found in the database.
        found |= {errors.Unauthorized, errors.Forbidden, errors.DatabaseUnavailable}
    return found


def _answer(answer: Answer, common: tuple[str, ...], schemas: Schemas) -> dict[str, Any]:
    described: dict[str, Any] = {"description": f"{answer.description}."}
    if answer.schema is not None:
        described["content"] = {answer.media_type: {"schema": schemas.of(answer.schema)}}
    elif answer.media_type != "application/json":
        described["content"] = {answer.media_type: {"schema": {"type": "string"}}}
    described["headers"] = _headers((*answer.headers, *common))
    return described


def _problem(
    kinds: list[type[TaskOverflowError]], common: tuple[str, ...], schemas: Schemas
) -> dict[str, Any]:
    kinds = sorted(kinds, key=lambda kind: kind.code)
    own: tuple[str, ...] = ("WWW-Authenticate",) if kinds[0].status == 401 else ()
    if errors.TooManyRequests in kinds or any(kind.pause for kind in kinds):
        own = ("Retry-After",)
    return {
        "description": " ".join(f"`{kind.code}`: {kind.title}." for kind in kinds),
        "content": {PROBLEM: {"schema": schemas.of(Problem)}},
        "headers": _headers((*own, *common)),
    }


def _headers(names: tuple[str, ...]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
