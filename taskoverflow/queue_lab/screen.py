"""What people see. Nothing that was received reaches the terminal as it came."""

from collections.abc import Callable
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from taskoverflow.logs import one_line
from taskoverflow.queue_lab.compare import Result
from taskoverflow.queue_lab.queues import Message
from taskoverflow.queue_lab.tally import Tally

LONGEST = 200  # characters of a message that are shown


def make_console() -> Console:
    """A console that takes no text for markup."""
    return Console(markup=False, highlight=False, emoji=False)


def message_line(message: Message, remarks: list[str]) -> Text:
    """The time, the client, the text, and what there is to remark on it."""
    now = datetime.now().astimezone()
    parts: list[str | tuple[str, str]] = [
        (f"{now:%H:%M:%S}.{now.microsecond // 1000:03}  ", "dim"),
        (f"{readable(message.client) or '(no name)'}: ", "bold"),
        readable(message.body),
    ]
    if remarks:
        parts.append((f"  ({', '.join(remarks)})", "yellow"))
    return Text.assemble(*parts)


def status_line(tally: Tally) -> Text:
    """How it stands."""
    counts = {name: tally.total(name) for name in ("received", "out_of_order", "duplicates")}
    return Text(
        f"Waiting for messages… {counts['received']} received, {counts['out_of_order']} out of "
        f"order, {counts['duplicates']} duplicates (Ctrl-C: stop)"
    )


def summary(tally: Tally) -> Table:
    """The counts of each publisher."""
    table = Table("publisher", title="What was received", title_justify="left")
    names = ("received", "out of order", "duplicates", "delivered again")
    for name in names:
        table.add_column(name, justify="right")
    for publisher, counts in sorted(tally.publishers.items()):
        numbers = (counts.received, counts.out_of_order, counts.duplicates, counts.redelivered)
        table.add_row(Text(readable(publisher) or "(no name)"), *map(str, numbers))
    return table


def readable(text: str) -> str:
    """The text on one line, cut if it is long, with nothing in it that a terminal would obey."""
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return one_line(cut)


def comparison(standard: Result, fifo: Result) -> Table:
    """What both kinds did, side by side."""
    title = f"{standard.sent} messages of 3 publishers to 3 subscribers"
    table = Table("", "standard", "FIFO", title=title, title_justify="left")
    table.columns[0].no_wrap = True
    for name, describe in ROWS:
        table.add_row(name, describe(standard), describe(fifo))
    return table


def _order(result: Result) -> str:
    wrong = result.first.tally.total("out_of_order")
    return f"{wrong} out of order" if wrong else "all in order"


def _redelivery(result: Result) -> str:
    order = "in order" if result.redelivery.in_order else "not in order"
    return f"{result.redelivery.seconds:.1f} s, {order}"


ROWS: tuple[tuple[str, Callable[[Result], str]], ...] = (
    ("arrived", lambda result: str(result.first.received)),
    ("throughput", lambda result: f"{result.first.rate:.0f} messages/s"),
    ("order within a publisher", _order),
    ("duplicates", lambda result: str(result.first.tally.total("duplicates"))),
    ("the same sent again", lambda result: f"{result.repeated.received} arrived"),
    ("duplicates then", lambda result: str(result.duplicates)),
    ('the same with --prepend "A-"', lambda result: f"{result.prepended.received} arrived"),
    ("held by a subscriber, kill -9", lambda result: str(result.redelivery.held)),
    ("all at another one after", _redelivery),
)
