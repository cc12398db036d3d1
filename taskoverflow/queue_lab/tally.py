"""What a subscriber has seen: counts for each publisher, in bounded memory."""

from dataclasses import dataclass, field
from threading import Lock

from taskoverflow.queue_lab.queues import Message, Position

REMEMBERED = 100_000  # messages among which a duplicate is recognised; about 10 MB
PUBLISHERS = 1_000  # further ones are counted together
OTHERS = "(others)"


@dataclass
class Counts:
    """Of one publisher's messages, as received here."""

    received: int = 0
    out_of_order: int = 0  # sent before one that had been received already
    duplicates: int = 0  # the same text had been received already
    redelivered: int = 0  # the queue had given it out before, here or to another subscriber
    latest: Position = (-1, -1)


@dataclass
class Tally:
    """The counts of all publishers. May be shared by threads."""

    publishers: dict[str, Counts] = field(default_factory=dict)
    _seen: dict[int, None] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def add(self, message: Message) -> list[str]:
        """Count a message; returns what there is to remark on it."""
        with self._lock:
            known = message.client in self.publishers or len(self.publishers) < PUBLISHERS
            counts = self.publishers.setdefault(message.client if known else OTHERS, Counts())
            remarks = []
            counts.received += 1
            if message.position < counts.latest:
                counts.out_of_order += 1
                remarks.append("out of order")
            counts.latest = max(counts.latest, message.position)
            if self._was_seen(message):
                counts.duplicates += 1
                remarks.append("duplicate")
            if message.receives > 1:
                counts.redelivered += 1
                remarks.append("delivered again")
            return remarks

    def total(self, name: str) -> int:
        """The sum of a count over all publishers."""
        with self._lock:
            return sum(getattr(counts, name) for counts in self.publishers.values())

    def _was_seen(self, message: Message) -> bool:
        key = hash((message.client, message.body))
        if key in self._seen:
            return True
        self._seen[key] = None
        if len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return False
