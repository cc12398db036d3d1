"""Bodies: JSON read into the struct that says what it may hold, and the fields of a form."""

import re
from typing import Any, TypeVar, get_args, get_type_hints
from urllib.parse import parse_qsl

import msgspec
from msgspec import UNSET, Struct
from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request

from taskoverflow.errors import BodyTooLarge, InvalidInput, UnsupportedMediaType
from taskoverflow.web.schemas.fields import parse_time

SOME_ITEM = "[...]"  # of a list, as msgspec has it

Body = TypeVar("Body", bound=Struct)


async def read_body(request: Request, schema: type[Body], most: int | None = None) -> Body:
    """A JSON body of at most so many bytes (else TASKOVERFLOW_MAX_BODY), of the right shape.

    Raises UnsupportedMediaType, BodyTooLarge or InvalidInput.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise UnsupportedMediaType("The body must be JSON, with Content-Type: application/json.")
    return decode(await _read_limited(request, most), schema)


async def read_fields(request: Request, schema: type[Struct]) -> dict[str, Any]:
    """The fields given in a JSON body, checked; `deadline_at` as a time in UTC.

    Raises UnsupportedMediaType, BodyTooLarge or InvalidInput.
    """
    return check_fields(await read_body(request, schema))


async def read_form(request: Request) -> ImmutableMultiDict[str, str]:
    """The filled-in fields of a form's body; an empty one counts as not given.

    Raises BodyTooLarge.
    """
    # What is not UTF-8 becomes U+FFFD, as browsers have it.
    body = await _read_limited(request)
    return ImmutableMultiDict(parse_qsl(body.decode("utf-8", "replace")))


def check_fields(body: Struct, path: str = "") -> dict[str, Any]:
    """The fields given in a body of the right shape, held to what a shape cannot say.

    `path` goes before a field's name in an error. Raises InvalidInput.
    """
    given = {name: getattr(body, name) for name in body.__struct_fields__}
    fields = {name: value for name, value in given.items() if value is not UNSET}
    for name, value in fields.items():
        if isinstance(value, str) and "\0" in value:
            field = path + name
            raise InvalidInput(f"{field}: must not contain a NUL character.", field=field)
    if fields.get("deadline_at") is not None:
        fields["deadline_at"] = parse_time(fields["deadline_at"], f"{path}deadline_at")
    return fields


async def _read_limited(request: Request, most: int | None = None) -> bytes:
    # Starlette's RequestBodyLimitMiddleware answers with plain text of its own.
    most = most or request.app.state.settings.max_body
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if most and len(body) > most:
            raise BodyTooLarge(f"The body is larger than {most} bytes.")
    return bytes(body)


def decode(raw: bytes, schema: type[Body]) -> Body:
    """JSON as the struct. Raises InvalidInput."""
    try:
        return msgspec.json.decode(raw, type=schema)
    except msgspec.ValidationError as error:
        raise _invalid(error, raw, schema) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(
            "body: not valid JSON in UTF-8 (\\ud800 to \\udfff are valid in pairs only).",
            field="body",
        ) from error


def _invalid(error: msgspec.ValidationError, raw: bytes, schema: type[Struct]) -> InvalidInput:
    """msgspec says "Expected `str`, got `int` - at `$.title`", or names the field in the reason."""
    reason, _, path = str(error).partition(" - at `$")
    named = re.search(r"field `(.*)`$", reason, re.DOTALL)
    parts = [path.strip("`."), named[1] if named else ""]
    field = ".".join(part for part in parts if part) or "body"
    if SOME_ITEM in field:
        field = field.replace(SOME_ITEM, f"[{_first_wrong(raw, schema, field)}]", 1)
    return InvalidInput(f"{field}: {reason}.", field=field)


def _first_wrong(raw: bytes, schema: type[Struct], field: str) -> int:
    """Which item of a list is meant; msgspec does not say it."""
    name = field.partition(SOME_ITEM)[0]
    (kind,) = get_args(get_type_hints(schema)[name])
    items = msgspec.json.decode(raw)[name]
    return next(number for number, item in enumerate(items) if not _fits(item, kind))


def _fits(item: Any, kind: Any) -> bool:
    try:
        msgspec.convert(item, kind)
    except msgspec.ValidationError:
        return False
    return True
