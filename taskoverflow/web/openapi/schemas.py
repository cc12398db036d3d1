"""JSON Schemas of the very structs by which requests are read and answers written."""

from collections.abc import Iterable
from typing import Any
from zoneinfo import available_timezones

import msgspec
from msgspec import Struct

from taskoverflow.store.todos import LARGEST_ID
from taskoverflow.web.openapi.operation import Operation
from taskoverflow.web.responses import Problem
from taskoverflow.web.schemas.fields import ZONES

REFERENCE = "#/components/schemas/{name}"
TIME = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?$",
    "description": "ISO 8601, in UTC and without an offset.",
    "examples": ["2026-12-01T18:00:00"],
}
ID = {"type": "integer", "minimum": 1, "maximum": LARGEST_ID}


class Schemas:
    """The components, and references to them."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        kinds = [Problem, *(kind for one in operations for kind in _kinds(one))]
        self._kinds = list(dict.fromkeys(kinds))
        made, components = msgspec.json.schema_components(self._kinds, ref_template=REFERENCE)
        self._schemas = [_polished(schema) for schema in made]
        self.components: dict[str, Any] = _polished(components)
        self.components["Time"] = TIME
        self.components[ZONES] = {"type": "string", "enum": sorted(available_timezones())}

    def of(self, schema: Any) -> dict[str, Any]:
        """The schema of a type, of several, any of which it may be, or one that is one already."""
        if isinstance(schema, tuple):
            return {"anyOf": [self.of(one) for one in schema]}
        known = schema in self._kinds
        return dict(self._schemas[self._kinds.index(schema)] if known else schema)

    def query(self, schema: type[Struct]) -> dict[str, Any]:
        """The parameters of a query string. None is what it means to leave one out."""
        _, components = msgspec.json.schema_components([schema], ref_template=REFERENCE)
        found = {}
        for name, described in components[schema.__name__]["properties"].items():
            some = [one for one in described.get("anyOf", [described]) if one != {"type": "null"}]
            found[name] = dict(some[0])
            if described.get("default") is not None:
                found[name]["default"] = described["default"]
        return found

    def path_parameter(self, name: str) -> dict[str, Any]:
        """The schema of a part of a path."""
        return ID if name in ("todo_id", "feed_id") else {"type": "string"}


def _kinds(operation: Operation) -> list[Any]:
    asked = list(operation.body.schemas.values()) if operation.body else []
    answered = [answer.schema for answer in operation.answers.values()]
    several = [one if isinstance(one, tuple) else (one,) for one in (*asked, *answered)]
    return [one for some in several for one in some if one is not None and type(one) is not dict]


def _polished(schema: Any, name: str = "") -> Any:
    """The same, with times as answers have them, and each description on one line."""
    if schema == {"type": "string"} and name.endswith("_at"):
        return {"$ref": REFERENCE.format(name="Time")}
    match schema:
        case dict():
            # What stands in "anyOf" is of the same field.
            named = {key: name if key == "anyOf" else key for key in schema}
            return {key: _polished(value, named[key]) for key, value in schema.items()}
        case list():
            return [_polished(value, name) for value in schema]
        case str() if name == "description":
            return " ".join(schema.split())
    return schema
