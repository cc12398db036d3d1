"""The cursor of a list: where the next page begins, in a form that says nothing to a client."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime

import msgspec

from taskoverflow.errors import InvalidInput
from taskoverflow.store.todos import LARGEST_ID, Position


def write_cursor(position: Position, sort: str) -> str:
    """The position as a text."""
    return urlsafe_b64encode(msgspec.json.encode((sort, *_plain(position)))).decode().rstrip("=")


def read_cursor(text: str, sort: str) -> Position:
    """The position that a cursor of a list of this order names.

    Raises InvalidInput for what is none. One that is made up is as good as one that was given
    out: it names a position, and all that can be had from there the list gives anyway.
    """
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        made_for, key, todo_id = msgspec.json.decode(raw, type=tuple[str, str | None, int])
        if made_for != sort or not 0 < todo_id <= LARGEST_ID or "\0" in (key or ""):
            raise ValueError(text)
        return Position(_key(key, sort), todo_id)
    except (ValueError, msgspec.MsgspecError) as error:
        message = "cursor: must be one of the Link header of a list with the same sort."
        raise InvalidInput(message, field="cursor") from error


def _plain(position: Position) -> tuple[str | None, int]:
    key = position.key
    return (key.isoformat() if isinstance(key, datetime) else key), position.id


def _key(text: str | None, sort: str) -> datetime | str | None:
    name = sort.removeprefix("-")
    if name == "title":
        return _required(text)
    if name == "deadline_at" and text is None:
        return None
    moment = datetime.fromisoformat(_required(text))
    if moment.tzinfo is not None:
        raise ValueError(text)
    return moment


def _required(text: str | None) -> str:
    if text is None:
        raise ValueError
    return text
