"""Requests that may come again: whoever sends one with the same key gets the first answer.

A key is claimed before anything is done, and the claim becomes the answer in the transaction of
the change: there are both, or neither. A claim whose process died is free again after a while.
"""

import json
import zlib
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

from msgspec import Struct
from peewee import Database, PostgresqlDatabase

from taskoverflow.errors import KeyInUse, KeyReused
from taskoverflow.store.database import transaction
from taskoverflow.store.models import IdempotencyKey, utc_now

KEPT = timedelta(hours=24)
# Longer than a request takes: its body is there, and each thing that it waits for has a time-out.
CLAIMED = timedelta(minutes=1)


class Answer(Struct, frozen=True):
    """An HTTP response."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Claim(Struct, frozen=True):
    """The right to answer under a key."""

    id: str
    name: str


def claim(database: Database, client: str, key: str, fingerprint: str) -> Claim | Answer:
    """Claim a key of a client for a request with this fingerprint, or get the first answer.

    Raises KeyReused when the key is another request's, and KeyInUse while that one is under way.
    """
    key_id = sha256(f"{client}\n{key}".encode()).hexdigest()
    new, now = uuid4().hex, utc_now()
    with transaction(database, write=True):
        _purge()
        IdempotencyKey.insert(
            id=key_id, fingerprint=fingerprint, claim=new, claimed_at=now, expires_at=now + KEPT
        ).on_conflict_ignore().execute()
        row = _locked(database, key_id)
        if row.fingerprint != fingerprint:
            raise KeyReused("The Idempotency-Key is that of another request.")
        if row.status is not None and row.body is not None:
            return Answer(row.status, json.loads(row.headers), zlib.decompress(row.body))
        if row.claim != new and row.claimed_at > now - CLAIMED:
            raise KeyInUse("A request with this Idempotency-Key is under way.")
        row.claim, row.claimed_at = new, now
        row.save(only=[IdempotencyKey.claim, IdempotencyKey.claimed_at])
    return Claim(key_id, new)


def settle(database: Database, claimed: Claim, answer: Answer) -> None:
    """Make a claim the answer, in the transaction that is open if one is.

    Raises KeyInUse when it has taken so long that somebody else has the claim.
    """
    with transaction(database, write=True):
        settled = (
            IdempotencyKey.update(
                status=answer.status,
                headers=json.dumps(dict(answer.headers)),
                body=zlib.compress(answer.body, 1),
            )
            .where(_of(claimed))
            .execute()
        )
        if not settled:
            raise KeyInUse("Another request with this Idempotency-Key was faster.")


def release(database: Database, claimed: Claim) -> None:
    """Give a claim up: nothing was done."""
    with transaction(database, write=True):
        IdempotencyKey.delete().where(_of(claimed)).execute()


def _locked(database: Database, key_id: str) -> IdempotencyKey:
    """The row, and nobody else claims it before the end of this transaction."""
    rows = IdempotencyKey.select().where(IdempotencyKey.id == key_id)
    if isinstance(database, PostgresqlDatabase):
        rows = rows.for_update()
    row: IdempotencyKey = rows.get()
    return row


def _of(claimed: Claim) -> object:
    return (
        (IdempotencyKey.id == claimed.id)
        & (IdempotencyKey.claim == claimed.name)
        & IdempotencyKey.status.is_null()
    )


def _purge() -> None:
    IdempotencyKey.delete().where(IdempotencyKey.expires_at <= utc_now()).execute()
