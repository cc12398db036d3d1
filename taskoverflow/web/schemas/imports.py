"""Requests to import todos from a file."""

from typing import Any

from msgspec import Struct

from taskoverflow.web.schemas.fields import Zone, check_zone


class ImportQuery(Struct, frozen=True):
    """The query of POST /todos/import."""

    tz: Zone | None = None
    overwrite: bool = False


def import_options(asked: ImportQuery) -> dict[str, Any]:
    """How a file is to be imported, as its job takes it. Raises InvalidInput."""
    check_zone(asked.tz, "tz")
    return {"tz": asked.tz, "overwrite": asked.overwrite}
