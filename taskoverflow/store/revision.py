"""The revision: a number that rises with each change of a todo, in the transaction that makes it.

It says whether a feed's file or a client's list is stale. It is the sum of several rows, since
who changes a row holds it until the commit is on disk: with one row, writers would queue up for
each other's commits.
"""

import random

from peewee import fn

from taskoverflow.store import models

SLOTS = 16


def rise() -> None:
    """Count a change. The last statement of its transaction, so that nobody waits long for it."""
    slot = models.RevisionSlot
    mine = slot.slot == random.randrange(SLOTS)  # noqa: S311
    slot.update(changes=slot.changes + 1).where(mine).execute()


def current() -> int:
    """The revision as this transaction sees it.

    Commits come into sight one after the other: no two states have the same sum.
    """
    return int(models.RevisionSlot.select(fn.SUM(models.RevisionSlot.changes)).scalar())
