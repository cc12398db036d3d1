"""What an import does with each item of a file: pure decisions, each with its reasons."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from jobs.calendar import CHECK_MARK, LATEST_START, clean
from taskoverflow.store.todo_import import Decision, ImportedTodo, KnownTodo

LONGEST_TITLE, LONGEST_DESCRIPTION = 255, 10_000  # characters, as the API has them

COPY = "Another copy of it, in line {line}, was taken."
OTHER_HALF = "Its {half} in line {line} says otherwise, and was not taken."
NO_TITLE = "It has no SUMMARY."
OLDER = "The todo was changed after this copy of it; overwrite=true takes the copy."
MADE_AGAIN = "The todo had been deleted, and was made again."
CUT = "Its {name} was longer than {length} characters, and was cut."


def one_of_each(todos: Iterable[ImportedTodo]) -> list[ImportedTodo]:
    """Each todo once, as its newest copy has it; of equally new ones, as its task, or the first.

    The event and the task of a todo of ours are halves of one; any other copy is skipped.
    """
    kept: list[ImportedTodo] = []
    places: dict[str, int] = {}
    for todo in todos:
        place = places.get(todo.uid)
        if todo.skipped or place is None:
            if not todo.skipped:
                places[todo.uid] = len(kept)
            kept.append(todo)
            continue
        winner, loser = kept[place], todo
        if _age(loser) > _age(winner):
            winner, loser = loser, winner
        kept[place] = _with_note_of(winner, loser)
        if not _are_halves(winner, loser):
            kept.append(replace(loser, skipped=COPY.format(line=winner.line)))
    return kept


def decide(todo: ImportedTodo, known: KnownTodo | None, *, overwrite: bool = False) -> Decision:
    """Make a todo, change the one that is known, or leave it as it is, and why.

    The file is compared with what an export would say: it has no control characters, no parts of
    a second. A copy older than the last change is left out unless told to `overwrite`.
    """
    if todo.skipped:
        return Decision("skipped", {}, (todo.skipped,))
    wanted, reasons = _wanted(todo, known)
    if known is None:
        made_again = (MADE_AGAIN,) if todo.todo_id else ()
        return _unless_untitled("created", wanted, (*made_again, *reasons))
    exported = _as_exported(known, todo.is_event)
    changes = {name: value for name, value in wanted.items() if value != exported[name]}
    if not changes:
        return Decision("unchanged", {}, reasons)
    if not overwrite and _is_older(todo.modified_at, known.changed_at):
        return Decision("skipped", {}, (OLDER,))
    return _unless_untitled("updated", changes, reasons)


def _age(todo: ImportedTodo) -> tuple[datetime, bool]:
    return todo.modified_at or datetime.min, not todo.is_event  # noqa: DTZ901


def _are_halves(one: ImportedTodo, other: ImportedTodo) -> bool:
    return one.ours and one.is_event != other.is_event


def _with_note_of(winner: ImportedTodo, loser: ImportedTodo) -> ImportedTodo:
    if not _are_halves(winner, loser) or _contents(winner) == _contents(loser):
        return winner
    note = OTHER_HALF.format(half="event" if loser.is_event else "task", line=loser.line)
    return replace(winner, notes=(*winner.notes, note))


def _contents(todo: ImportedTodo) -> tuple[object, ...]:
    title = todo.title.removeprefix(CHECK_MARK) if todo.is_event else todo.title
    return title, todo.description, todo.deadline_at


def _wanted(todo: ImportedTodo, known: KnownTodo | None) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The fields that the file speaks of, and what there is to say about them."""
    title, completed = todo.title, todo.completed
    # An event of ours has no other word for "completed"; but a title may begin like this, too.
    marked = todo.ours and todo.is_event and title.startswith(CHECK_MARK)
    if marked and not (known and clean(known.title) == title):
        title, completed = title.removeprefix(CHECK_MARK), True
    reasons = list(todo.notes)
    fields: dict[str, Any] = {
        "title": _cut(title, LONGEST_TITLE, "SUMMARY", reasons),
        "description": _cut(todo.description, LONGEST_DESCRIPTION, "DESCRIPTION", reasons) or None,
        "deadline_at": todo.deadline_at,
    }
    if completed is not None:
        fields["completed"] = completed
    return fields, tuple(reasons)


def _as_exported(known: KnownTodo, is_event: bool) -> dict[str, Any]:
    deadline = known.deadline_at and known.deadline_at.replace(microsecond=0)
    if deadline and is_event:
        deadline = min(deadline, LATEST_START)
    return {
        "title": clean(known.title),
        "description": clean(known.description or "") or None,
        "deadline_at": deadline,
        "completed": known.completed,
    }


def _is_older(copy: datetime | None, changed_at: datetime) -> bool:
    return copy is not None and copy < changed_at.replace(microsecond=0)


def _unless_untitled(action: Any, fields: dict[str, Any], reasons: tuple[str, ...]) -> Decision:
    if fields.get("title") == "":
        return Decision("skipped", {}, (NO_TITLE,))
    return Decision(action, fields, reasons)


def _cut(text: str, length: int, name: str, reasons: list[str]) -> str:
    if len(text) <= length:
        return text
    reasons.append(CUT.format(name=name, length=length))
    return f"{text[: length - 1]}…"
