"""The two web stacks side by side: TaskOverflow's and the practical's."""

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import httpx
import psycopg2

from tests.bench import rivals
from tests.bench.stand import client_cores, postgresql, running, server_cores, valkey, wait_for
from tests.conftest import free_port

PROCESSES = len(server_cores()) or 1  # of each: one for each of their cores
OURS, PRACTICAL = "TaskOverflow", "the practical's"


class Stack(NamedTuple):
    """A running stack: where it listens, and its database."""

    name: str
    port: int
    database_url: str
    environ: dict[str, str]
    log: Path

    @property
    def processes(self) -> str:
        """How many processes its web server has."""
        return self.environ["TASKOVERFLOW_WEB_PROCESSES"]

    @property
    def api(self) -> str:
        """The base URL of its API."""
        return f"http://127.0.0.1:{self.port}/api/v1"

    def fill(self, count: int) -> None:
        """Have so many todos stored, all with a deadline, and no others."""
        fill = _fill_ours if self.name == OURS else _fill_practical
        with psycopg2.connect(self.database_url) as connection, connection.cursor() as cursor:
            fill(cursor, count)
        connection.close()
        connection = psycopg2.connect(self.database_url)
        connection.autocommit = True
        connection.cursor().execute("VACUUM ANALYZE")
        connection.close()

    def worker(self) -> list[str | Path]:
        """The command that runs this stack's worker, one process for the jobs."""
        if self.name == OURS:
            return [sys.executable, "-m", "taskoverflow.cli", "worker"]
        return [
            rivals.bin_of("rivals") / "celery", "-A", "tests.bench.practical.tasks", "worker",
            "--pool", "prefork", "--concurrency", "1", "--loglevel", "WARNING",
        ]  # fmt: skip


Command = Callable[[Stack], list[str | Path]]


@contextmanager
def stacks(home: Path) -> Iterator[dict[str, Stack]]:
    """Both stacks, on one PostgreSQL and a Valkey each. Of the two, one is idle at any time."""
    with ExitStack() as stack:
        new_database = stack.enter_context(postgresql(home, client_cores()))
        found = {}
        for name, place in ((OURS, home / "ours"), (PRACTICAL, home / "practical")):
            place.mkdir()
            url = stack.enter_context(valkey(place, client_cores()))
            one = _stack(name, place, new_database(place.name), url)
            stack.enter_context(_serving(one))
            found[name] = one
        yield found


@contextmanager
def beside(stack: Stack, command: Command | None = None, **more: str) -> Iterator[Stack]:
    """The web server of a stack once more, on the same database, with other settings; or another
    web server, that `command` runs."""
    port = str(free_port())
    other = stack._replace(
        port=int(port), environ={**stack.environ, "TASKOVERFLOW_PORT": port, **more}
    )
    with _serving(other, command):
        yield other


@contextmanager
def _serving(stack: Stack, command: Command | None = None) -> Iterator[None]:
    command = command or (_ours if stack.name == OURS else _practical)
    with running(command(stack), stack.log, stack.environ, server_cores()):
        wait_for(lambda: _answers(stack))
        yield


def _stack(name: str, place: Path, database_url: str, redis_url: str) -> Stack:
    port = free_port()
    environ = rivals.environ(
        DATABASE_URL=database_url if name == OURS else _for_sqlalchemy(database_url),
        REDIS_URL=redis_url,
        TASKOVERFLOW_DATA_DIR=str(place),
        TASKOVERFLOW_PORT=str(port),
        TASKOVERFLOW_WEB_PROCESSES=str(PROCESSES),  # the practical's, too
        TASKOVERFLOW_LOG_FORMAT="json",
        TASKOVERFLOW_RATE_LIMIT="0",  # the practical has none
        TASKOVERFLOW_MAX_JOBS="0",
    )
    return Stack(name, port, database_url, environ, place / "log")


def _for_sqlalchemy(url: str) -> str:
    return url.replace("postgresql:", "postgresql+psycopg2:")


def _ours(stack: Stack) -> list[str | Path]:
    _run(stack, sys.executable, "-m", "taskoverflow.cli", "migrate")
    return [sys.executable, "-m", "taskoverflow.cli", "serve"]


def _practical(stack: Stack) -> list[str | Path]:
    _run(stack, rivals.bin_of("rivals") / "python", "-m", "tests.bench.practical.app")
    return [
        rivals.bin_of("rivals") / "gunicorn", "--workers", stack.processes, "--bind",
        f"127.0.0.1:{stack.port}", "tests.bench.practical.app:create_app()",
    ]  # fmt: skip


def _run(stack: Stack, *command: str | Path) -> None:
    with running(command, stack.log, stack.environ) as process:
        process.wait(60)


def settle(stack: Stack) -> None:
    """Return when a stack has answered what was asked before: first come, first served.

    A load that was cut off leaves up to 64 requests behind, which would count against the next one,
    of the other stack too: the two share a core.
    """
    for _ in range(2 * PROCESSES):
        httpx.get(f"{stack.api}/todos?limit=1", timeout=60)


def _answers(stack: Stack) -> bool:
    try:
        return httpx.get(f"{stack.api}/todos?limit=1", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


TodoRow = tuple[str, str, bool, datetime, datetime]


def rows(count: int) -> Iterator[TodoRow]:
    """Made-up todos: title, description, completed, deadline_at, created_at; the same each time."""
    dice = random.Random(6400)
    now = datetime(2026, 12, 1, 12)
    for number in range(count):
        yield (
            f"Todo {number}: {dice.choice(('read', 'write', 'review', 'ship'))} it",
            "A made-up todo; " * dice.randrange(1, 8),
            dice.random() < 1 / 3,
            now + timedelta(minutes=dice.randrange(60 * 24 * 365)),
            now - timedelta(minutes=dice.randrange(60 * 24 * 365)),
        )


def _copy(
    cursor: "psycopg2.extensions.cursor", table: str, columns: str, lines: Iterator[str]
) -> None:
    cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", StringIO("".join(lines)))


def _fill_practical(cursor: "psycopg2.extensions.cursor", count: int) -> None:
    cursor.execute("TRUNCATE todos RESTART IDENTITY")
    _copy(
        cursor, "todos", "title, description, completed, deadline_at, created_at, updated_at",
        (
            f"{title}\t{text}\t{done}\t{due}\t{made}\t{made}\n"
            for title, text, done, due, made in rows(count)
        ),
    )  # fmt: skip


def _fill_ours(cursor: "psycopg2.extensions.cursor", count: int) -> None:
    from taskoverflow.store.todos.search import title_key, words

    cursor.execute("TRUNCATE todo RESTART IDENTITY")
    _copy(
        cursor, "todo",
        "title, description, completed, deadline_at, created_at, updated_at, words, title_key",
        (
            f"{title}\t{text}\t{done}\t{due}\t{made}\t{made}\t{' '.join(words(title, text))}\t"
            f"{title_key(title)}\n"
            for title, text, done, due, made in rows(count)
        ),
    )  # fmt: skip
    slots = "UPDATE revision_slot SET changes = changes + 1, todos = "
    cursor.execute(slots + "CASE slot WHEN 0 THEN %s ELSE 0 END", (count,))
