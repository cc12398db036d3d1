"""The form of a todo: what was typed in, what it means, and what is wrong with it."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

import msgspec
from msgspec import Struct

from taskoverflow.errors import InvalidInput
from taskoverflow.store.todos import Todo
from taskoverflow.web.schemas.body import check_fields
from taskoverflow.web.schemas.todos import NewTodo
from taskoverflow.web.ui.dates import END_OF_DAY
from taskoverflow.web.ui.messages import message
from taskoverflow.web.ui.viewer import Viewer


class TodoForm(Struct, frozen=True, kw_only=True):
    """The fields as they are shown; `bad` names the one at fault, `error` says why."""

    title: str = ""
    date: str = ""
    time: str = ""
    description: str = ""
    completed: bool = False
    bad: str = ""
    error: str = ""


class FormError(Exception):
    """`field` is the one at fault, `key` that of the message."""

    def __init__(self, field: str, key: str) -> None:
        super().__init__(key)
        self.field = field
        self.key = key


def filled_form(todo: Todo, viewer: Viewer) -> TodoForm:
    """The form of a todo that there is."""
    local = viewer.local(todo.deadline_at) if todo.deadline_at else None
    return TodoForm(
        title=todo.title,
        date=f"{local:%Y-%m-%d}".zfill(10) if local else "",
        time=f"{local:%H:%M}" if local else "",
        description=todo.description or "",
        completed=todo.completed,
    )


def typed_form(given: Mapping[str, str], error: FormError | None = None) -> TodoForm:
    """The form again, with all that was typed in and what is wrong with it."""
    return TodoForm(
        title=given.get("title", ""),
        date=given.get("date", ""),
        time=given.get("time", ""),
        description=given.get("description", ""),
        completed="completed" in given,
        bad=error.field if error else "",
        error=message(error.key) if error else "",
    )


def read_fields(given: Mapping[str, str], viewer: Viewer) -> dict[str, Any]:
    """Title, description and deadline, as the store takes them. Raises FormError."""
    # A browser sends a line's end as CR LF; what other clients send and read is LF.
    description = given.get("description", "").replace("\r\n", "\n")
    todo = {"title": given.get("title", "").strip(), "description": description or None}
    try:
        fields = check_fields(msgspec.convert(todo, NewTodo))
    except msgspec.ValidationError as error:
        bad = "description" if "$.description" in str(error) else "title"
        raise FormError(bad, f"form.bad_{bad}") from error
    except InvalidInput as error:
        raise FormError(error.field or "title", "form.bad_character") from error
    return {
        "title": fields["title"],
        "description": fields["description"],
        "deadline_at": _read_deadline(given, viewer),
    }


def changed_fields(given: Mapping[str, str], todo: Todo, viewer: Viewer) -> dict[str, Any]:
    """What a filled-in form changes of a todo. Raises FormError.

    A deadline whose day and minute were left alone keeps its seconds, and a time that comes twice
    stays the one it was.
    """
    fields = read_fields(given, viewer) | {"completed": "completed" in given}
    shown = filled_form(todo, viewer)
    if (given.get("date", ""), given.get("time", "")) == (shown.date, shown.time):
        del fields["deadline_at"]
    return {name: value for name, value in fields.items() if value != getattr(todo, name)}


def _read_deadline(given: Mapping[str, str], viewer: Viewer) -> datetime | None:
    day, clock = given.get("date", ""), given.get("time", "")
    if not day:
        if clock:
            raise FormError("date", "form.time_without_date")
        return None
    try:
        at = time.fromisoformat(clock) if clock else END_OF_DAY
        return viewer.utc(datetime.combine(date.fromisoformat(day), at.replace(tzinfo=None)))
    except (ValueError, OverflowError) as error:
        raise FormError("date", "form.bad_date") from error
