"""The OpenAPI 3.1 document, made of the URL table and of what its handlers say of themselves."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Any

from taskoverflow.web.access.gate import Handler
from taskoverflow.web.access.session import COOKIE
from taskoverflow.web.openapi.answers import responses
from taskoverflow.web.openapi.headers import ANSWERED, REQUEST_ID, Header
from taskoverflow.web.openapi.operation import Body, Operation, operation_of
from taskoverflow.web.openapi.schemas import Schemas
from taskoverflow.web.resource import Resource
from taskoverflow.web.schemas.fields import TIME

NOT_A_WORD = re.compile(r"[^a-z0-9_]+")

Document = dict[str, Any]

ABOUT = (
    f"Todos, and calendars of them. Times are UTC: an answer has them as ISO 8601 without an "
    f"offset; a request may have {TIME}, with a T or a space, and with or without a fraction or an "
    f"offset. Each GET answers HEAD, too. An error is a problem (RFC 9457) whose `type` is a page "
    f"that says what to do."
)
# The handlers' modules, by what a reader looks for; those of a tag of their own are not named.
TAGS = {
    "todos_bulk": "todos",
    "todos_export": "todos",
    "todos_import": "todos",
    "ical": "calendars",
    "feed": "calendars",
    "health": "service",
    "metrics": "service",
    "page": "service",
}
PATH_PARAMETERS = {
    "todo_id": "The todo's id.",
    "feed_id": "The subscription's id.",
    "job_id": "The job's id.",
    "task_id": "The job's id, as the answer to its submission has it.",
    "token": "The secret in the subscription's address.",
}
SECURITY = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token that `taskoverflow token new` has made.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "What the page keeps once somebody has signed in.",
    },
}


def make_document(resources: Iterable[Resource], *, tokens: bool) -> Document:
    """The document of what these resources serve; `tokens`: whether one is needed."""
    found = list(_operations(resources))
    schemas = Schemas(operation for _, _, _, operation in found)
    handlers = Counter(_name(handler) for _, _, handler, _ in found)
    paths: dict[str, dict[str, Any]] = {}
    for resource, method, handler, operation in found:
        name = _name(handler)
        described = _operation(resource, method, operation, schemas)
        described["operationId"] = (
            name
            if handlers[name] == 1
            else f"{method}{NOT_A_WORD.sub('_', resource.path)}".strip("_")
        )
        described["tags"] = [_tag(handler)]
        if tokens and (scope := resource.scope(method)):
            described["security"] = [{scheme: [scope.name.lower()]} for scheme in SECURITY]
        paths.setdefault(resource.path, {})[method] = described
    components: dict[str, Any] = {
        "schemas": schemas.components,
        "headers": {name: {"schema": {"type": "string"}} | one for name, one in ANSWERED.items()},
    }
    if tokens:
        components["securitySchemes"] = SECURITY
    return {
        "openapi": "3.1.0",
        "info": {"title": "TaskOverflow", "version": version("taskoverflow"), "description": ABOUT},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": components,
    }


def _operations(
    resources: Iterable[Resource],
) -> Iterator[tuple[Resource, str, Handler, Operation]]:
    for resource in resources:
        for method, handler in resource.handlers.items():
            operation = operation_of(handler)
            if operation is not None:
                yield resource, method, handler, operation


def _operation(
    resource: Resource, method: str, operation: Operation, schemas: Schemas
) -> dict[str, Any]:
    described: dict[str, Any] = {
        "summary": operation.summary,
        "parameters": list(_parameters(resource, operation, schemas)),
        "responses": responses(resource, method, operation, schemas),
    }
    if operation.description:
        described["description"] = operation.description
    if operation.body:
        described["requestBody"] = _body(operation.body, schemas)
    return described


def _parameters(
    resource: Resource, operation: Operation, schemas: Schemas
) -> Iterator[dict[str, Any]]:
    for name in resource.param_convertors:
        schema = schemas.path_parameter(name)
        text = PATH_PARAMETERS[name]
        yield {"name": name, "in": "path", "required": True, "description": text, "schema": schema}
    if operation.query:
        for name, schema in schemas.query(operation.query).items():
            yield {"name": name, "in": "query", "schema": schema}
    for header in (*operation.headers, REQUEST_ID):
        yield _header(header)


def _header(header: Header) -> dict[str, Any]:
    described = {
        "name": header.name,
        "in": "header",
        "description": header.description,
        "schema": {"type": "string"} | ({"pattern": header.pattern} if header.pattern else {}),
    }
    return described | ({"example": header.example} if header.example else {})


def _body(body: Body, schemas: Schemas) -> dict[str, Any]:
    content = {}
    for media_type, schema in body.schemas.items():
        content[media_type] = {"schema": schemas.of(schema)}
        if body.example is not None and not media_type.startswith("multipart/"):
            content[media_type]["example"] = body.example
    return {"required": True, "content": content}


def _tag(handler: Handler) -> str:
    module = handler.__module__.rpartition(".")[2]
    return TAGS.get(module, module)


def _name(handler: Handler) -> str:
    module = handler.__module__.rpartition(".")[2]
    return f"{module}_{handler.__name__}"
