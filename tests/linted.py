"""Puts every calendar file that a test makes through the lint, whatever the test looks for itself:
what is written in this process, what any server sends, and what workers leave in a database.
"""

import functools
import gzip
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import httpx

import jobs.calendar
from taskoverflow.settings import Settings
from taskoverflow.store.database import is_sqlite, sqlite_path
from tests.calendar_lint import lint


def lint_all() -> None:
    """Watch this process. To be called before a test has write_calendar by its name."""
    jobs.calendar.write_calendar = _then(jobs.calendar.write_calendar, lambda _, data: lint(data))
    httpx.Response.iter_raw = _then(httpx.Response.iter_raw, _lint_response)


def lint_stored(settings: Settings) -> None:
    """Lint what the processes with these settings have left in their database, if it is SQLite."""
    if not is_sqlite(settings.database_url):
        return
    if not (path := sqlite_path(settings.database_url)).exists():
        return
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        query = "SELECT calendar_id, data FROM calendar_chunk ORDER BY calendar_id, position"
        files: dict[str, bytes] = {}
        for calendar, data in database.execute(query):
            files[calendar] = files.get(calendar, b"") + data
    for compressed in files.values():
        lint(gzip.decompress(compressed))


def _then(
    generator: Callable[..., Iterator[bytes]], check: Callable[[Any, bytes], object]
) -> Callable[..., Iterator[bytes]]:
    """The generator; once it has been read to its end, all of it is checked."""

    @functools.wraps(generator)
    def read(first: Any, *rest: Any, **named: Any) -> Iterator[bytes]:
        pieces = []
        for piece in generator(first, *rest, **named):
            pieces.append(piece)
            yield piece
        check(first, b"".join(pieces))

    return read


def _lint_response(response: httpx.Response, data: bytes) -> None:
    is_calendar = response.headers.get("content-type", "").startswith("text/calendar")
    if is_calendar and response.status_code == 200 and response.request.method == "GET":
        is_gzip = response.headers.get("content-encoding") == "gzip"
        lint(gzip.decompress(data) if is_gzip else data)
