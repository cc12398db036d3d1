"""The publisher: sends numbered messages."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from taskoverflow.queue_lab.queues import BATCH, Outgoing, Queue

BATCHES_PER_SECOND = 10.0  # with a rate: so that messages flow instead of coming in heaps
NAP = 0.1  # seconds between two looks at whether to stop


@dataclass(frozen=True, kw_only=True)
class Publisher:
    """Who sends what, and how fast: `rate` is in messages a second, 0 is as fast as it goes."""

    client: str
    group: str
    count: int = 100
    prepend: str = ""
    rate: float = 0

    def send(self, queue: Queue, stop: list[int]) -> Iterator[int]:
        """Send the messages; yields how many at each step, until all are sent or `stop` is not
        empty."""
        started = time.monotonic()
        run = time.time_ns() // 1_000_000
        size = max(1, min(BATCH, int(self.rate / BATCHES_PER_SECOND))) if self.rate else BATCH
        for first in range(0, self.count, size):
            if self.rate:
                _sleep_until(started + first / self.rate, stop)
            if stop:
                return
            numbers = range(first, min(first + size, self.count))
            queue.send([self._message(run, number) for number in numbers])
            yield len(numbers)

    def send_all(self, queue: Queue, stop: list[int]) -> int:
        """Send the messages; returns how many, which is less if `stop` got filled."""
        return sum(self.send(queue, stop))

    def _message(self, run: int, number: int) -> Outgoing:
        body = f"{self.prepend}Message {number}"
        return Outgoing(body, self.client, self.group, (run, number))


def _sleep_until(moment: float, stop: list[int]) -> None:
    while not stop and (left := moment - time.monotonic()) > 0:
        time.sleep(min(NAP, left))
