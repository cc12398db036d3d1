"""What several requests have in common: texts, times, ids."""

import re
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import available_timezones

from msgspec import Meta
from starlette.requests import Request

from taskoverflow.errors import InvalidInput, NotFound
from taskoverflow.store.todos import LARGEST_ID

# ISO 8601 with "T" or a space, with or without a fraction or an offset.
DATE_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d(:?\d\d)?)?", re.ASCII
)
TIME = "an ISO 8601 date and time such as 2026-11-23T18:00:00"
ID = re.compile(r"[0-9]{1,19}", re.ASCII)
MAX_WINDOW = 36_500  # days from now

ZONES = "TimeZone"  # the schema of them in the OpenAPI document

# Neither PostgreSQL nor a calendar can hold a NUL; body.py and query.py see to it.
NO_NUL = {"pattern": "^[^\\u0000]*$"}
Title = Annotated[str, Meta(min_length=1, max_length=255, extra_json_schema=NO_NUL)]
Description = Annotated[str, Meta(max_length=10_000, extra_json_schema=NO_NUL)]
Search = Annotated[str, Meta(max_length=200, extra_json_schema=NO_NUL)]
Time = Annotated[str, Meta(extra_json_schema={"format": "date-time", "description": TIME})]
Moment = Annotated[datetime, Meta(extra_json_schema={"format": "date-time", "description": TIME})]
Zone = Annotated[
    str, Meta(max_length=100, extra_json_schema={"$ref": f"#/components/schemas/{ZONES}"})
]
Window = Annotated[int, Meta(ge=0, le=MAX_WINDOW)]


def parse_time(text: str, field: str) -> datetime:
    """An ISO 8601 date and time as UTC without an offset. Raises InvalidInput."""
    try:
        if not DATE_TIME.fullmatch(text):
            raise ValueError(text)
        moment = datetime.fromisoformat(text.upper())
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError) as error:
        raise InvalidInput(f"{field}: must be {TIME}.", field=field) from error


def check_zone(name: str | None, field: str) -> None:
    """Hold a time zone to those that there are. Raises InvalidInput."""
    if name is not None and name not in available_timezones():
        raise InvalidInput(f"{field}: must be a time zone such as Australia/Brisbane.", field=field)


def read_id(request: Request, name: str, what: str) -> int:
    """The id in the path, under its name there. Raises NotFound for what cannot be one."""
    text = request.path_params[name]
    if not ID.fullmatch(text) or int(text) > LARGEST_ID:
        raise NotFound(f"{what} not found")
    return int(text)
