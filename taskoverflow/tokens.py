"""API tokens: what one looks like, what it may do, how it is known again from its hash alone."""

import hmac
import re
import secrets
from enum import IntEnum
from hashlib import sha256

from msgspec import Struct

TOKEN_BYTES = 32  # 256 random bits: a plain hash will do, there is nothing to guess
PREFIX = "tov_"  # by which a scanner of secrets, or a person, knows what it has found
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
ENTRY = re.compile(rf"({NAME.pattern}):(read|write|admin):([0-9a-f]{{64}})", re.ASCII)


class Scope(IntEnum):
    """What a token may do; each scope holds the ones before it."""

    READ = 1  # see todos, calendars and jobs
    WRITE = 2  # change them
    ADMIN = 3  # /metrics and rq-dashboard


class ApiToken(Struct, frozen=True):
    """A token as the settings have it: `digest` is the SHA-256 of what its owner sends, in hex."""

    name: str
    scope: Scope
    digest: str


def new_token(name: str, scope: Scope) -> tuple[str, str]:
    """A new token, and its entry for TASKOVERFLOW_API_TOKENS, from which it cannot be told.

    Raises ValueError for a name that may not stand in an entry.
    """
    if not NAME.fullmatch(name):
        raise ValueError("A name has 1 to 64 letters, digits, dots, hyphens or underscores.")
    token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    return token, f"{name}:{scope.name.lower()}:{_digest(token)}"


def parse_tokens(text: str) -> tuple[ApiToken, ...]:
    """The tokens of a setting: entries as `new_token` makes them, with white space or commas
    between them. Raises ValueError, whose message does not show the entry."""
    tokens = []
    for number, entry in enumerate(text.replace(",", " ").split(), 1):
        match = ENTRY.fullmatch(entry)
        if match is None:
            raise ValueError(f"entry {number} is not NAME:SCOPE:HASH")
        tokens.append(ApiToken(match[1], Scope[match[2].upper()], match[3]))
    if len({token.name for token in tokens}) < len(tokens):
        raise ValueError("two entries have the same name")
    return tuple(tokens)


def find_token(tokens: tuple[ApiToken, ...], given: str) -> ApiToken | None:
    """The token that was given, if it is one. Takes as long for any that is not."""
    digest = _digest(given)
    matches = [token for token in tokens if hmac.compare_digest(token.digest, digest)]
    return matches[0] if matches else None


def _digest(token: str) -> str:
    return sha256(token.encode(errors="surrogateescape")).hexdigest()
