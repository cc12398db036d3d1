"""import_todos: a thin RQ job around jobs.calendar and jobs.import_plan. File in, todos out."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from jobs.calendar import CalendarReader
from jobs.context import JobContext
from jobs.import_plan import decide, one_of_each
from taskoverflow.store import calendars, imports, todo_import
from taskoverflow.store.todo_import import ImportedTodo


def import_todos(
    context: JobContext, file: str, tz: str | None = None, overwrite: bool = False
) -> dict[str, Any]:
    """Make or change todos as a stored file says; returns how many, and the report's id.

    The whole file is read and checked before the first write: a broken one changes nothing. A run
    that is cut off is gone on with by the next, and a file that is finished is not imported again.
    `tz` and `overwrite`: see CalendarReader and decide. Raises BrokenCalendar, UploadExpired,
    TooManyTodos or DatabaseUnavailable.
    """
    data = imports.read(context.database, file)
    if data is not None:
        wanted = one_of_each(_read(context, data, tz))
        how, said = partial(decide, overwrite=overwrite), partial(context.progress, "saving")
        most = context.settings.max_todos
        todo_import.apply(context.database, file, wanted, how, said, most)
    counts = imports.finish(context.database, file, context.result_expiry())
    context.purge()
    return {"import": file, "items": sum(counts.values()), **counts}


def _read(context: JobContext, data: bytes, tz: str | None) -> Iterator[ImportedTodo]:
    reader = CalendarReader(data, calendars.instance_uuid(context.database), tz)
    for number, todo in enumerate(reader.todos(), 1):
        yield todo
        context.progress("reading", number, reader.total)
