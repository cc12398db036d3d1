"""Holds answers to the OpenAPI document: status, headers, media type and body of each."""

import json
from functools import cache
from typing import Any

import httpx
import jsonschema_rs

from taskoverflow.web.openapi.document import Document, make_document
from taskoverflow.web.openapi.operation import JSON, operation_of
from taskoverflow.web.responses import PROBLEM
from taskoverflow.web.routes import routes

# Of HTTP itself, of the server's policy for browsers, or of no one operation.
UNDOCUMENTED = {
    "access-control-allow-credentials", "access-control-allow-origin",
    "access-control-expose-headers", "allow", "connection", "content-length",
    "content-security-policy", "content-type", "cross-origin-opener-policy",
    "cross-origin-resource-policy", "date", "permissions-policy", "referrer-policy",
    "strict-transport-security", "transfer-encoding", "vary", "x-accel-buffering",
    "x-content-type-options", "x-frame-options",
}  # fmt: skip


def check_answer(answer: httpx.Response) -> None:
    """Fail unless the document foresees the answer. For what is not the API's, do nothing."""
    described = described_answer(answer)
    if described is None:
        return
    what = f"{answer.request.method} {answer.request.url} → {answer.status_code}"
    assert described, f"{what}: there is no such status in the document"
    _check_headers(what, answer.headers, described.get("headers", {}))
    if answer.request.method == "HEAD":
        return
    media_type = answer.headers.get("content-type", "").partition(";")[0]
    content = described.get("content", {})
    if not content:
        assert not media_type, f"{what}: {media_type} is not in the document"
        return
    assert media_type in content, f"{what}: {media_type} is not in the document"
    if media_type in (JSON, PROBLEM):
        answer.read()
        _check_body(what, answer.content, json.dumps(content[media_type]["schema"]))


def described_answer(answer: httpx.Response) -> dict[str, Any] | None:
    """What the document says of the status; nothing: no word; None: it is no operation's answer."""
    resource = next((r for r in routes() if r.path_regex.match(answer.request.url.path)), None)
    method = answer.request.method.lower().replace("head", "get")
    # A test may have put another handler in the place of ours.
    if resource is None or operation_of(resource.handlers.get(method, check_answer)) is None:
        return None
    item = document()["paths"][resource.path]
    found: dict[str, Any] = item[method]["responses"].get(str(answer.status_code), {})
    return found


@cache
def document() -> Document:
    """The document of a service with tokens."""
    return make_document(routes(), tokens=True)


def _check_headers(what: str, given: httpx.Headers, described: dict[str, Any]) -> None:
    known = document()["components"]["headers"]
    for name in described:
        missing = known[name].get("required") and name not in given
        assert not missing, f"{what}: lacks the header {name} of the document"
    documented = {name.lower() for name in described}
    others = set(given) - UNDOCUMENTED - documented
    assert not others, f"{what}: {others} are not in the document"


def _check_body(what: str, body: bytes, schema: str) -> None:
    try:
        _validator(schema).validate(json.loads(body))
    except jsonschema_rs.ValidationError as error:
        raise AssertionError(f"{what}: {error}") from error


@cache
def _validator(schema: str) -> jsonschema_rs.Draft202012Validator:
    whole = {**json.loads(schema), "components": document()["components"]}
    return jsonschema_rs.Draft202012Validator(whole)
