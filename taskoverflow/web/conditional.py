"""Conditional requests (RFC 9110, section 13): what a client has, and what it means to change."""

import re
from collections.abc import Container
from hashlib import sha256
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from taskoverflow.store.todos import Todo
from taskoverflow.web.responses import JSONResponse

ENTITY_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
ASK_FIRST = "private, no-cache"  # keep it, but never use it without asking whether it is so still


class _Anything:
    def __contains__(self, version: object) -> bool:
        return True


def etag_of(*what: Any) -> str:
    """An ETag of plain values and structs: equal ones have the same."""
    return f'"{sha256(msgspec.json.encode(what)).hexdigest()[:32]}"'


def todo_response(request: Request, todo: Todo, status_code: int = 200) -> Response:
    """A todo with its ETag; 304 to a GET of a client that has it."""
    etag = f'"{todo.version}"'
    if request.method in {"GET", "HEAD"} and (known := not_modified(request, etag)):
        return known
    return JSONResponse(todo, status_code, {"ETag": etag, "Cache-Control": ASK_FIRST})


def not_modified(request: Request, etag: str) -> Response | None:
    """304 if the client has what the ETag names."""
    if not matches(",".join(request.headers.getlist("if-none-match")), etag):
        return None
    return Response(status_code=304, headers={"ETag": etag, "Cache-Control": ASK_FIRST})


def matches(if_none_match: str, etag: str) -> bool:
    """Whether an If-None-Match header names the ETag (RFC 9110, section 13.1.2: weakly)."""
    tags = (f'"{tag}"' for _, tag in ENTITY_TAG.findall(if_none_match))
    return if_none_match.strip() == "*" or etag in tags


def expected_versions(request: Request) -> Container[str] | None:
    """The versions that If-Match names (13.1.1: a weak ETag is none), or None without that header.

    "*" is any version.
    """
    if "if-match" not in request.headers:
        return None
    header = ",".join(request.headers.getlist("if-match"))
    if header.strip() == "*":
        return _Anything()
    return {tag for weak, tag in ENTITY_TAG.findall(header) if not weak}
