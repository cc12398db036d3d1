"""Query strings, read into the struct that says what they may hold."""

import re
from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple, TypeVar, cast

from msgspec import Struct
from msgspec import inspect as types
from starlette.requests import Request

from taskoverflow.errors import InvalidInput
from taskoverflow.web.schemas.fields import TIME, parse_time

NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)

Query = TypeVar("Query", bound=Struct)


class Reading(NamedTuple):
    """How a parameter is read: in words, and as a function that gives None for what is wrong."""

    expected: str
    read: Callable[[str], Any]


def read_query(request: Request, schema: type[Query]) -> Query:
    """The query as the struct, each parameter held to its type. Raises InvalidInput.

    The types that may be: whole numbers with bounds, booleans, choices, times and texts.
    """
    readings, given = _readings(schema), dict[str, Any]()
    for name, text in request.query_params.multi_items():
        if name not in readings:
            raise InvalidInput(f"{name}: there is no such parameter.", field=name)
        if name in given:
            raise InvalidInput(f"{name}: must be given once only.", field=name)
        given[name] = readings[name].read(text)
        if given[name] is None:
            raise InvalidInput(f"{name}: must be {readings[name].expected}.", field=name)
    return schema(**given)


@cache
def _readings(schema: type[Struct]) -> dict[str, Reading]:
    fields = cast(types.StructType, types.type_info(schema)).fields
    return {field.encode_name: _reading(field.type) for field in fields}


def _reading(kind: types.Type) -> Reading:
    match kind:
        case types.UnionType():  # with None, which is the default and cannot be given
            return _reading(next(o for o in kind.types if not isinstance(o, types.NoneType)))
        case types.Metadata(type=inner, extra_json_schema=extra):
            reading = _reading(inner)
            return reading._replace(expected=(extra or {}).get("description", reading.expected))
        case types.LiteralType(values=values):
            return Reading(" or ".join(map(str, values)), {value: value for value in values}.get)
        case types.EnumType(cls=choices):
            known = {choice.value: choice for choice in choices}
            return Reading(f"one of {', '.join(known)}", known.get)
    return _plain_reading(kind)


def _plain_reading(kind: types.Type) -> Reading:
    match kind:
        case types.BoolType():
            return Reading("true or false", {"true": True, "false": False}.get)
        case types.IntType(ge=least, le=most):
            return Reading(f"a whole number, {least} to {most}", partial(_number, kind))
        case types.DateTimeType():
            return Reading(TIME, _time)
        case types.StrType(max_length=most):
            return Reading(
                f"a text of at most {most} characters, without NUL", partial(_text, kind)
            )
    raise TypeError(f"a query cannot hold {kind}")


def _number(kind: types.IntType, text: str) -> int | None:
    least, most = kind.ge or 0, kind.le or 0
    return int(text) if NUMBER.fullmatch(text) and least <= int(text) <= most else None


def _time(text: str) -> Any:
    try:
        return parse_time(text, "")
    except InvalidInput:
        return None


def _text(kind: types.StrType, text: str) -> str | None:
    too_long = kind.max_length is not None and len(text) > kind.max_length
    return None if too_long or "\0" in text else text
