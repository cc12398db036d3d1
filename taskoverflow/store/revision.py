"""The revision: a number that rises with each change of a todo, in the transaction that makes it.

It says whether a feed's file or a client's list is stale. It is the sum of several rows, since
who changes a row holds it until the commit is on disk: with one row, writers would queue up for
each other's commits. How many todos there are is counted along the way.
"""

import random
from typing import Any

from peewee import SQL, ModelSelect, fn

from taskoverflow.errors import TooManyTodos
from taskoverflow.store import models

SLOTS = 16


def rise(added: int = 0, most: int = 0) -> None:
    """Count a change, by which there are so many todos more, or fewer.

    The last thing in its transaction, so that nobody waits long for it. Raises TooManyTodos if
    there are more than `most` now (0: any number); who adds at the same moment is not seen yet.
    """
    row = models.RevisionSlot
    mine = row.slot == any_slot()
    changed = {"changes": row.changes + 1} | ({"todos": row.todos + added} if added else {})
    row.update(**changed).where(mine).execute()
    if most and added > 0 and row.select(fn.SUM(row.todos)).scalar() > most:
        raise too_many(most)


def any_slot() -> int:
    """A slot to count a change in."""
    return random.randrange(SLOTS)  # noqa: S311


def too_many(most: int) -> TooManyTodos:
    """The error that says that no todo may be added."""
    return TooManyTodos(f"There are {most} todos, and there may be no more.")


def version() -> "ModelSelect[Any]":
    """A query, or a column of another one, for whose revision it is and the revision, as a text."""
    changes = models.RevisionSlot.select(fn.SUM(models.RevisionSlot.changes))
    # One text: next to each of 50 todos, a UUID and a decimal take 15 µs longer to read.
    return models.Instance.select(models.Instance.uuid.concat(SQL("' '")).concat(changes))


def current() -> int:
    """The revision as this transaction sees it.

    Commits come into sight one after the other: no two states have the same sum.
    """
    return int(models.RevisionSlot.select(fn.SUM(models.RevisionSlot.changes)).scalar())
