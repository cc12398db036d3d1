"""Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07): the same request, once only."""

import re
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

import msgspec
from peewee import Database
from starlette.requests import Request
from starlette.responses import Response

from taskoverflow.errors import InvalidInput, KeyInUse, KeyReused
from taskoverflow.store import idempotency
from taskoverflow.store.calls import call_store
from taskoverflow.store.database import transaction
from taskoverflow.store.idempotency import Answer, Claim
from taskoverflow.web.openapi.headers import IDEMPOTENCY_KEY

HEADER = IDEMPOTENCY_KEY.name
KEY_ERRORS = (KeyInUse, KeyReused)
LONGEST = 255  # characters
# The draft has a string in quotes (RFC 8941, section 3.3.3); much that is in use sends it bare.
KEY = re.compile(r'"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"|([A-Za-z0-9._~:/+=-]+)', re.ASCII)


async def change_once(
    request: Request, asked: Any, change: Callable[[Database], Response]
) -> Response:
    """Have `change` alter the database and answer; or answer again, if the request has a key that
    had an answer.

    Change and answer are stored in one transaction. `asked` is what the request asks for, beside
    its path: plain values and structs. Raises InvalidInput, KeyReused or KeyInUse, besides what
    `change` raises, and then the key is free.
    """

    def change_and_settle(database: Database, claimed: Claim) -> Response:
        with transaction(database, write=True):
            response = change(database)
            idempotency.settle(database, claimed, _answer(response))
        return response

    async def act(claimed: Claim | None) -> Response:
        database = request.app.state.database
        if claimed is None:
            return await call_store(database, change)
        return await call_store(database, change_and_settle, claimed)

    return await _once(request, asked, act)


async def submit_once(
    request: Request, asked: Any, submit: Callable[[], Awaitable[Response]]
) -> Response:
    """The same for what is not in the database: a job. Should the process die between its
    submission and the answer, it may be submitted again; and jobs may be run twice."""

    async def act(claimed: Claim | None) -> Response:
        response = await submit()
        if claimed:
            database = request.app.state.database
            await call_store(database, idempotency.settle, claimed, _answer(response))
        return response

    return await _once(request, asked, act)


async def _once(
    request: Request, asked: Any, act: Callable[[Claim | None], Awaitable[Response]]
) -> Response:
    key = read_key(request)
    if key is None:
        return await act(None)
    database = request.app.state.database
    # An address may change between two attempts; the keys of those without a token are secrets.
    client = getattr(request.state, "token_name", "")
    fingerprint = _fingerprint(request, asked)
    claimed = await call_store(database, idempotency.claim, client, key, fingerprint)
    if isinstance(claimed, Answer):
        headers = {**claimed.headers, "Idempotent-Replayed": "true"}
        return Response(claimed.body, claimed.status, headers)
    try:
        return await act(claimed)
    except BaseException:
        await call_store(database, idempotency.release, claimed)
        raise


def read_key(request: Request) -> str | None:
    """The request's key, if it has one. Raises InvalidInput."""
    given = request.headers.getlist(HEADER)
    if not given:
        return None
    match = KEY.fullmatch(given[0].strip())
    key = (match[1] or match[2] or "") if match else ""
    if len(given) > 1 or not 0 < len(key) <= LONGEST:
        reason = f"must be one text of 1 to {LONGEST} characters, in double quotes"
        raise InvalidInput(f"{HEADER}: {reason}.", field=HEADER)
    return key


def _fingerprint(request: Request, asked: Any) -> str:
    what = (request.method, request.url.path, asked)
    return sha256(msgspec.json.encode(what)).hexdigest()


def _answer(response: Response) -> Answer:
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    return Answer(response.status_code, headers, bytes(response.body))
