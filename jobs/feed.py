"""refresh_feed: makes a subscription's file anew. The file before it stays until it is there."""

from typing import Any

from jobs.context import JobContext
from jobs.ical import build_calendar
from taskoverflow.errors import NotFound
from taskoverflow.store import feeds

# Clients that heed it ask again after this time (RFC 7986, section 5.7); Google does not.
REFRESH_INTERVAL = 3600  # seconds


def refresh_feed(context: JobContext, feed: int) -> dict[str, Any]:
    """Build the file of the feed with this id, and return its summary: see build_calendar.

    A feed that has been revoked meanwhile is no failure. Raises DatabaseUnavailable.
    """
    context.withdraw_offer()
    try:
        wanted = feeds.get(context.database, feed)
    except NotFound:
        return {"revoked": True}
    # Read before the todos: a change in between makes the file stale, and never wrongly fresh.
    revision = feeds.revision(context.database)
    options = {"name": wanted.name, "refresh": REFRESH_INTERVAL, **wanted.options}
    summary = build_calendar(context, **options)
    feeds.set_file(context.database, feed, summary["calendar"], revision)
    return summary
