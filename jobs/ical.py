"""generate_ical: a thin RQ job around jobs.calendar. Database in, gzip out, a summary as result."""

import gzip
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from itertools import islice
from typing import Any, BinaryIO, cast

import msgspec

from jobs.calendar import CalendarOptions, write_calendar
from jobs.context import JobContext
from taskoverflow.store import calendars, todos
from taskoverflow.store.todos import Filter

# 20 MB of 50,000 todos, in seconds of the processor: level 1 0.06 (2.4 MB), level 6 0.22 (1.9 MB);
# isal 0.02 (2.3 MB), a twentieth of the whole job less, which is not worth another dependency.
COMPRESSION_LEVEL = 1
BATCH = 256  # todos; some 100 kB
SPOOL_IN_MEMORY = 8 * 1024 * 1024  # bytes; a longer file waits on disk for its transaction


def generate_ical(
    context: JobContext,
    completed: bool | None = None,
    window: int | None = None,
    q: str | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Build the calendar of the todos meant, store it, and return its summary.

    The arguments and the summary are those of `build_calendar`. Raises DatabaseUnavailable.
    """
    context.withdraw_offer()
    _wait(context)
    return build_calendar(context, completed, window, q, **options)


def build_calendar(
    context: JobContext,
    completed: bool | None = None,
    window: int | None = None,
    q: str | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Store a new calendar of the todos meant.

    Those meant are those of the store's Filter.
    `options` are those of jobs.calendar.CalendarOptions, as JSON has them (`alarm` in seconds).
    The summary: `calendar` (its id), `etag`, `events` (todos in it), `undated` (todos left out for
    want of a deadline, which a task does not need), `bytes` and `gzip_bytes`.
    """
    shape = msgspec.convert(options, CalendarOptions, strict=False)
    with tempfile.SpooledTemporaryFile(max_size=SPOOL_IN_MEMORY) as spool:
        compressed = cast(BinaryIO, spool)
        written = _write(context, Filter(completed, window, q), shape, compressed)
        calendar = calendars.store(
            context.database,
            compressed,
            etag=written["etag"],
            events=written["events"],
            size=written["bytes"],
            expires_at=context.result_expiry(),
        )
    context.purge()
    return {"calendar": calendar.id, "gzip_bytes": calendar.gzip_size, **written}


def _wait(context: JobContext) -> None:
    """Be slow on purpose, as the practical's worker is (TASKOVERFLOW_ICAL_DELAY)."""
    delay = context.settings.ical_delay
    end = time.monotonic() + delay
    while (left := end - time.monotonic()) > 0:
        context.progress("waiting", round(delay - left, 1), delay)
        time.sleep(min(left, 0.5))


def _write(
    context: JobContext, which: Filter, shape: CalendarOptions, target: BinaryIO
) -> dict[str, Any]:
    tasks = shape.component != "VEVENT"
    instance = calendars.instance_uuid(context.database)
    with todos.by_deadline(context.database, which, undated=tasks) as found:

        def report(pieces: int) -> None:
            context.progress("writing", min(pieces, found.total), found.total)

        written = compress(write_calendar(found.todos, instance, shape), target, report)
        return {"undated": 0 if tasks else found.undated, **written}


def compress(
    pieces: Iterable[bytes], target: BinaryIO, report: Callable[[int], None]
) -> dict[str, Any]:
    """Write a calendar, given in the pieces of write_calendar, to `target` as a gzip stream.

    `report` is told now and then how many pieces are done. Returns `etag`, `events` (how many todos
    there were) and `bytes` (before compression).
    """
    digest, size, count = sha256(), 0, 0
    # No time of day in the header: the same todos give the same bytes.
    with gzip.GzipFile(fileobj=target, mode="wb", compresslevel=COMPRESSION_LEVEL, mtime=0) as out:
        for batch in _batches(pieces):
            count += len(batch)
            joined = b"".join(batch)
            digest.update(joined)
            size += out.write(joined)
            report(count)
    # The first piece is the file's head and the last one its tail.
    return {"etag": digest.hexdigest(), "events": count - 2, "bytes": size}


def _batches(pieces: Iterable[bytes]) -> Iterator[list[bytes]]:
    """So many pieces at a time: to compress each by itself takes 0.13 s where these take 0.06."""
    rest = iter(pieces)
    while batch := list(islice(rest, BATCH)):
        yield batch
