"""What a client shows of a todo, and what it should show of the corpus."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from jobs.calendar import clean
from tests.clients.corpus import Nasty

LENGTH = timedelta(minutes=30)


class Feed(NamedTuple):
    """A subscription's address, and the file that was fetched from there."""

    url: str
    file: Path


class Seen(NamedTuple):
    """Times are in UTC. An event has `start` and `end`, a task `due` and `completed`."""

    title: str
    description: str = ""
    start: datetime | None = None
    end: datetime | None = None
    due: datetime | None = None
    completed: bool | None = None


class Client(NamedTuple):
    """A foreign program. `read` has it read a feed, with a folder of its own; `shows` is what it
    makes of a todo, where that is not what is meant: None for one that it leaves out."""

    name: str
    read: Callable[[Feed, Path], Iterable[Seen]]
    shows: Callable[[Seen], Seen | None] = lambda seen: seen


def as_event(todo: Nasty) -> Seen:
    start = todo.deadline
    return Seen(clean(todo.title), clean(todo.description or ""), start=start, end=start + LENGTH)


def as_task(todo: Nasty) -> Seen:
    meant = Seen(clean(todo.title), clean(todo.description or ""))
    return meant._replace(due=todo.deadline, completed=todo.completed)
