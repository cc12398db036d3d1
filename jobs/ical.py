"""generate_ical: a thin RQ job around jobs.calendar. Database in, gzip out, a summary as result."""

import gzip
import tempfile
import time
from hashlib import sha256
from typing import Any, BinaryIO, cast

import msgspec

from jobs.calendar import CalendarOptions, write_calendar
from jobs.context import JobContext
from taskoverflow.store import calendars, todos
from taskoverflow.store.todos import Filter

# Level 6 takes three times as long as level 1 (0.34 s to 0.10 for 28 MB), to save a fifth.
COMPRESSION_LEVEL = 1
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
    digest, size, count = sha256(), 0, 0
    tasks = shape.component != "VEVENT"
    instance = calendars.instance_uuid(context.database)
    with (
        todos.by_deadline(context.database, which, undated=tasks) as found,
        # No time of day in the header: the same todos give the same bytes.
        gzip.GzipFile(fileobj=target, mode="wb", compresslevel=COMPRESSION_LEVEL, mtime=0) as out,
    ):
        for count, piece in enumerate(write_calendar(found.todos, instance, shape)):
            digest.update(piece)
            size += out.write(piece)
            context.progress("writing", min(count, found.total), found.total)
    return {
        "etag": digest.hexdigest(),
        "events": count - 1,  # the first piece is the file's head and the last one its tail
        "undated": 0 if tasks else found.undated,
        "bytes": size,
    }
