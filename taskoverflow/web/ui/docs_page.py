"""What the API is, for people: pages of the OpenAPI document, and one for each kind of error."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response

from taskoverflow.errors import NotFound, every_error
from taskoverflow.web.openapi.document import Document
from taskoverflow.web.openapi.page import document_of
from taskoverflow.web.ui.templating import environment, render

CODE = re.compile(r"`([^`]*)`")
LONGEST_CHOICE = 12  # values that are named one by one


async def show(request: Request) -> Response:
    """GET /docs."""
    document = document_of(request.app)
    context = {"document": document, "sections": _sections(document), "errors": every_error()}
    return render(request, "docs.html", context)


async def error(request: Request) -> Response:
    """GET /docs/errors/{code}: where the `type` of a problem leads."""
    kind = every_error().get(request.path_params["code"])
    if kind is None:
        raise NotFound("There is no such error")
    meaning = " ".join((kind.__doc__ or "").split())
    return render(request, "docs_error.html", {"kind": kind, "meaning": meaning})


def _sections(document: Document) -> dict[str, list[dict[str, Any]]]:
    """The operations by their tags."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            shown = {**operation, "path": path, "method": method.upper()}
            found.setdefault(operation["tags"][0], []).append(shown)
    return dict(sorted(found.items(), key=lambda section: section[0] == "service"))


def shape(schema: Mapping[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(shape(one) for one in schema["anyOf"])
    if "enum" in schema and len(schema["enum"]) <= LONGEST_CHOICE:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {shape(schema.get('items', {}))}"
    return " ".join([str(schema.get("type", "anything")), *_bounds(schema)])


def _bounds(schema: Mapping[str, Any]) -> Iterator[str]:
    if "maximum" in schema:
        yield f"{schema['minimum']} to {schema['maximum']}"
    if "maxLength" in schema:
        yield f"of up to {schema['maxLength']} characters"
    if "format" in schema:
        yield f"({schema['format']})"


def marked(text: str) -> Markup:
    """A text in which what stands between backticks is code."""
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704


def indented(value: object) -> str:
    """A value as JSON, to be read."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


environment.filters |= {"shape": shape, "marked": marked, "indented": indented}
