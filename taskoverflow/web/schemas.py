"""What may come in: bodies, queries and path ids, checked before anything is done with them."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import parse_qsl
from zoneinfo import available_timezones

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.requests import Request

from taskoverflow.errors import BodyTooLarge, InvalidInput, NotFound, UnsupportedMediaType
from taskoverflow.jobqueue import Status
from taskoverflow.store.todos import Filter

MAX_BODY = 1024 * 1024  # bytes
# ISO 8601 with "T" or a space, with or without a fraction or an offset.
DATE_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d(:?\d\d)?)?", re.ASCII
)
COMPLETED = {"true": True, "false": False}
COMPONENTS = {"VEVENT": None, "VTODO": "VTODO", "both": "both"}
SHAPE = ("component", "check_mark", "alarm", "all_day", "tz")
DURATION = re.compile(r"([0-9]{1,6})([mhdw])", re.ASCII)
UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}  # seconds
LONGEST_DURATION = 4 * UNITS["w"]
NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
MAX_WINDOW = 36_500  # days
FEED_WINDOW = 366  # days, unless asked otherwise: nobody's client is sent ten years
DEFAULT_JOBS, MAX_JOBS = 50, 200  # on a page
FEED_ID = re.compile(r"[0-9]{1,18}", re.ASCII)
TODO_ID = re.compile(r"[0-9]{1,19}", re.ASCII)

Title = Annotated[str, Meta(min_length=1, max_length=255)]
Description = Annotated[str, Meta(max_length=10_000)]
Body = TypeVar("Body", bound=Struct)


class NewTodo(Struct, forbid_unknown_fields=True):
    """The body of POST /todos."""

    title: Title
    description: Description | None = None
    completed: bool = False
    deadline_at: str | None = None


class TodoChanges(Struct, forbid_unknown_fields=True):
    """The body of PUT /todos/{id}: only what is given changes."""

    title: Title | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    completed: bool | UnsetType = UNSET
    deadline_at: str | UnsetType | None = UNSET


class NewFeed(Struct, forbid_unknown_fields=True):
    """The body of POST /calendars: a name, and what POST /todos/ical takes as a query."""

    name: Title
    completed: bool | None = None
    window: Annotated[int, Meta(ge=0, le=MAX_WINDOW)] = FEED_WINDOW
    component: Literal["VEVENT", "VTODO", "both"] = "VEVENT"
    check_mark: bool = False
    alarm: str | None = None
    all_day: Literal["midnight"] | None = None
    tz: str | None = None


class JobQuery(Struct, frozen=True):
    """The query of GET /jobs."""

    status: Status | None
    limit: int
    cursor: str | None


async def read_body(request: Request, schema: type[Body]) -> dict[str, Any]:
    """The fields given in a JSON body, checked; `deadline_at` as a time in UTC.

    Raises UnsupportedMediaType, BodyTooLarge or InvalidInput.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaType("The body must be JSON, with Content-Type: application/json.")
    return check_fields(_decode(await _read_limited(request), schema))


async def read_form(request: Request) -> dict[str, str]:
    """The filled-in fields of a form's body; an empty one counts as not given.

    Raises BodyTooLarge.
    """
    # What is not UTF-8 becomes U+FFFD, as browsers have it.
    return dict(parse_qsl((await _read_limited(request)).decode("utf-8", "replace")))


def check_fields(body: Struct) -> dict[str, Any]:
    """The fields given in a body of the right shape, held to what a shape cannot say.

    Raises InvalidInput.
    """
    given = {name: getattr(body, name) for name in body.__struct_fields__}
    fields = {name: value for name, value in given.items() if value is not UNSET}
    for name, value in fields.items():
        if isinstance(value, str) and "\0" in value:
            raise InvalidInput(f"{name}: must not contain a NUL character.", field=name)
    if fields.get("deadline_at") is not None:
        fields["deadline_at"] = parse_time(fields["deadline_at"], "deadline_at")
    return fields


def parse_time(text: str, field: str) -> datetime:
    """An ISO 8601 date and time as UTC without an offset. Raises InvalidInput."""
    try:
        if not DATE_TIME.fullmatch(text):
            raise ValueError(text)
        moment = datetime.fromisoformat(text.upper())
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError) as error:
        expected = "an ISO 8601 date and time such as 2026-11-23T18:00:00, or null"
        raise InvalidInput(f"{field}: must be {expected}.", field=field) from error


def read_filter(request: Request) -> Filter:
    """The todos that a query means. Raises InvalidInput."""
    return _filter(_read_query(request, "completed", "window"))


def read_calendar_options(request: Request) -> dict[str, Any]:
    """The todos that a calendar is asked of, and its shape, as its job takes them.

    Raises InvalidInput.
    """
    query = _read_query(request, "completed", "window", *SHAPE)
    which = _filter(query)
    shape = {
        "component": _read_choice(query, "component", COMPONENTS),
        "check_mark": _read_choice(query, "check_mark", {"true": True, "false": None}),
        "alarm": _read_duration(query.get("alarm"), "alarm"),
        "all_day_in": _read_all_day(query),
    }
    given = {name: value for name, value in shape.items() if value is not None}
    return {"completed": which.completed, "window": which.window, **given}


def feed_options(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a NewFeed, its name aside, as a calendar's job takes them.

    Raises InvalidInput.
    """
    zone = {name: fields[name] for name in ("all_day", "tz") if fields[name] is not None}
    options = {
        "completed": fields["completed"],
        "window": fields["window"],
        "component": fields["component"],
        "check_mark": fields["check_mark"],
        "alarm": _read_duration(fields["alarm"], "alarm"),
        "all_day_in": _read_all_day(zone),
    }
    return {name: value for name, value in options.items() if value is not None}


def read_feed_id(request: Request) -> int:
    """The feed id in the path. Raises NotFound for what cannot be one."""
    text = request.path_params["feed_id"]
    if not FEED_ID.fullmatch(text):
        raise NotFound("Calendar not found")
    return int(text)


def read_job_query(request: Request) -> JobQuery:
    """The jobs that a query means. Raises InvalidInput."""
    query = _read_query(request, "status", "limit", "cursor")
    status = query.get("status")
    if status is not None and status not in set(Status):
        raise InvalidInput(f"status: must be one of {', '.join(Status)}.", field="status")
    limit = _read_number(query.get("limit"), "limit", 1, MAX_JOBS, "a whole number")
    return JobQuery(Status(status) if status else None, limit or DEFAULT_JOBS, query.get("cursor"))


def read_todo_id(request: Request) -> int:
    """The todo id in the path. Raises NotFound for what cannot be one."""
    text = request.path_params["todo_id"]
    if not TODO_ID.fullmatch(text):
        raise NotFound("Todo not found")
    return int(text)


def _filter(query: dict[str, str]) -> Filter:
    window = _read_number(query.get("window"), "window", 0, MAX_WINDOW, "a whole number of days")
    return Filter(_read_choice(query, "completed", COMPLETED), window)


def _read_choice(query: dict[str, str], name: str, choices: dict[str, Any]) -> Any:
    """The meaning of what was chosen; None if nothing was."""
    text = query.get(name)
    if text is not None and text not in choices:
        raise InvalidInput(f"{name}: must be {' or '.join(choices)}.", field=name)
    return None if text is None else choices[text]


def _read_duration(text: str | None, name: str) -> int | None:
    """Seconds."""
    if text is None:
        return None
    match = DURATION.fullmatch(text)
    seconds = int(match[1]) * UNITS[match[2]] if match else 0
    if not match or seconds > LONGEST_DURATION:
        reason = "must be a time of up to four weeks, as 15m, 2h, 1d or 1w"
        raise InvalidInput(f"{name}: {reason}.", field=name)
    return seconds


def _read_all_day(query: dict[str, str]) -> str | None:
    """The time zone in which a deadline at midnight is a whole day, if that was asked for."""
    zone = query.get("tz")
    if _read_choice(query, "all_day", {"midnight": True}) is None:
        if zone is not None:
            raise InvalidInput("tz: is for all_day=midnight only.", field="tz")
        return None
    if zone is not None and zone not in available_timezones():
        raise InvalidInput("tz: must be a time zone such as Australia/Brisbane.", field="tz")
    return zone or "UTC"


def _read_query(request: Request, *names: str) -> dict[str, str]:
    query: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in names:
            raise InvalidInput(f"{name}: there is no such parameter.", field=name)
        if name in query:
            raise InvalidInput(f"{name}: must be given once only.", field=name)
        query[name] = value
    return query


def _read_number(text: str | None, name: str, least: int, most: int, what: str) -> int | None:
    if text is None:
        return None
    if not NUMBER.fullmatch(text) or not least <= int(text) <= most:
        raise InvalidInput(f"{name}: must be {what}, {least} to {most}.", field=name)
    return int(text)


async def _read_limited(request: Request) -> bytes:
    # Starlette's RequestBodyLimitMiddleware answers with plain text of its own.
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise BodyTooLarge(f"The body is larger than {MAX_BODY} bytes.")
    return bytes(body)


def _decode(raw: bytes, schema: type[Body]) -> Body:
    try:
        return msgspec.json.decode(raw, type=schema)
    except msgspec.ValidationError as error:
        raise _invalid(error) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(
            "body: not valid JSON in UTF-8 (\\ud800 to \\udfff are valid in pairs only).",
            field="body",
        ) from error


def _invalid(error: msgspec.ValidationError) -> InvalidInput:
    """msgspec says "Expected `str`, got `int` - at `$.title`", or names the field in the reason."""
    reason, _, path = str(error).partition(" - at `$.")
    named = re.search(r"field `(.*)`$", reason, re.DOTALL)
    field = path.rstrip("`") or (named[1] if named else "body")
    return InvalidInput(f"{field}: {reason}.", field=field)
