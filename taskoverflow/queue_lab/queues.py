"""What a queue of the lab is, whichever server keeps it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

BATCH = 10  # messages in one call: SQS takes no more
# Bytes of UTF-8, so that a batch is within what the most tightly set SQS queue takes: 256 KiB.
MAX_BODY = 25_000
MAX_CLIENT = 100  # characters
DEFAULT_VISIBILITY = 30  # seconds, as in SQS
DEDUPLICATION = 300  # seconds; SQS's, which cannot be changed

# SQS's rule for names: 80 characters, the ending of a FIFO queue among them.
NAME = re.compile(r"(?=.{1,80}\Z)[A-Za-z0-9_-]+(\.fifo)?\Z", re.ASCII)
SHOWN_NAMES = 20

# A publisher's run (milliseconds since the epoch at its start) and the message's number in it.
Position = tuple[int, int]


class QueueLabError(Exception):
    """The lab cannot go on; the message is one sentence with the next step."""

    exit_code: ClassVar[int] = 2


class UnknownQueue(QueueLabError):
    """There is no such queue; the message lists those there are."""

    exit_code = 1

    def __init__(self, name: str, names: Sequence[str]) -> None:
        shown = ", ".join(names[:SHOWN_NAMES]) or "none"
        more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
        super().__init__(
            f"Unable to find a Queue by this name: {name}. Queues there are: {shown}{more}."
        )


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to send. Only a FIFO queue looks at its group."""

    body: str
    client: str
    group: str
    position: Position


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it arrived: the `receives`-th time; the receipt is the queue's to read."""

    body: str
    client: str
    position: Position
    receives: int
    receipt: tuple[str, ...]


class Queue(Protocol):
    """A queue that is there. Every method raises UnknownQueue once it is not, or QueueLabError."""

    def send(self, messages: Sequence[Outgoing]) -> None:
        """Send up to BATCH messages, in this order."""

    def receive(self, most: int, wait: float) -> list[Message]:
        """Up to `most` messages (BATCH at most), as soon as there are any; waits `wait` seconds.

        They are invisible to others until they are deleted or the visibility timeout is over.
        """

    def delete(self, messages: Sequence[Message]) -> None:
        """Delete what was received. A message that is somebody else's by now stays."""


class Backend(Protocol):
    """A server that keeps queues. Every method raises QueueLabError when it is away."""

    title: str

    def open(self, name: str) -> Queue:
        """The queue of this name. Raises UnknownQueue."""

    def names(self) -> list[str]:
        """The queues there are, sorted."""

    def create(self, name: str, visibility: int) -> bool:
        """Make a queue, FIFO if its name says so; False if it is there already."""

    def delete(self, name: str) -> None:
        """Delete a queue with all it holds. Raises UnknownQueue."""


def is_fifo(name: str) -> bool:
    """Whether a queue of this name is a FIFO queue."""
    return name.endswith(".fifo")


def check_body(body: str) -> None:
    """Raises QueueLabError for a body that SQS would refuse, or that is too long."""
    if len(body.encode("utf-8", "surrogatepass")) > MAX_BODY:
        raise QueueLabError(f"A message may have {MAX_BODY} bytes; give a shorter --prepend.")
    if not is_plain(body):
        raise QueueLabError("A message may hold no control characters.")


def is_plain(text: str) -> bool:
    """Whether the text has only characters that are safe to show."""
    return all(character.isprintable() for character in text)


def format_position(position: Position) -> str:
    """The position as an attribute of the message."""
    return f"{position[0]}-{position[1]}"


def parse_position(text: str, sent_at: int) -> Position:
    """The position that an attribute says; when that says none, when it was sent (milliseconds).

    Other publishers than ours say none.
    """
    match = re.fullmatch(r"([0-9]{1,16})-([0-9]{1,16})", text, re.ASCII)
    return (int(match[1]), int(match[2])) if match else (sent_at, 0)
