"""`queue-lab compare`: both kinds of queue under the same load, at once, and what came of it."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from uuid import uuid4

from taskoverflow.queue_lab.connect import connect
from taskoverflow.queue_lab.killed_subscriber import Redelivery, kill_a_subscriber
from taskoverflow.queue_lab.publisher import Publisher
from taskoverflow.queue_lab.queues import Backend, Message, Queue, QueueLabError
from taskoverflow.queue_lab.subscriber import subscribe
from taskoverflow.queue_lab.tally import Tally

PUBLISHERS = SUBSCRIBERS = 3
VISIBILITY = 3  # seconds: what a killed subscriber held comes back after so long
QUIET = 2.0  # seconds without a message, and all have arrived
PATIENCE = 60.0  # seconds for a step
POLL = 0.05  # seconds
STEPS = (
    "first send",
    "the same again",
    "the same with --prepend",
    "kill -9 of a subscriber",
)

OnStep = Callable[[str], None]


@dataclass
class Round:
    """What arrived of one send, and when (seconds, monotonic)."""

    tally: Tally = field(default_factory=Tally)
    started: float = field(default_factory=time.monotonic)
    last: float = 0.0

    def add(self, message: Message | None) -> None:
        """Count a message."""
        if message is not None:
            self.tally.add(message)
            self.last = time.monotonic()

    @property
    def received(self) -> int:
        """How many arrived."""
        return self.tally.total("received")

    @property
    def rate(self) -> float:
        """Messages a second, from the first sent to the last received."""
        return self.received / (self.last - self.started) if self.received else 0.0


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one kind of queue did with the same load."""

    sent: int
    first: Round
    repeated: Round
    prepended: Round
    duplicates: int  # among what arrived of the first two sends
    redelivery: Redelivery


def compare(
    url: str, count: int, stop: list[int], on_step: Callable[[str, str], None]
) -> list[Result]:
    """Try a standard and a FIFO queue at once: two new queues, deleted at the end.

    `on_step` is called with "standard" or "fifo" and each of STEPS as it begins, and with "" at
    the end. Raises QueueLabError, also when `stop` gets filled.
    """
    backend = connect(url)
    with ThreadPoolExecutor(2) as pool:
        trials = []
        for kind, ending in (("standard", ""), ("fifo", ".fifo")):
            name = f"queue-lab-compare-{uuid4().hex[:8]}{ending}"

            def report(step: str, kind: str = kind) -> None:
                on_step(kind, step)

            trials.append(pool.submit(_try, backend, url, name, count, stop, report))
        return [trial.result() for trial in trials]


def _try(
    backend: Backend, url: str, name: str, count: int, stop: list[int], on_step: OnStep
) -> Result:
    backend.create(name, VISIBILITY)
    try:
        queue = backend.open(name)
        seen = Tally()
        on_step(STEPS[0])
        first = _send_and_receive(queue, count, "", stop, seen)
        on_step(STEPS[1])
        repeated = _send_and_receive(queue, count, "", stop, seen)
        duplicates = seen.total("duplicates")
        on_step(STEPS[2])
        prepended = _send_and_receive(queue, count, "A-", stop, seen)
        on_step(STEPS[3])
        redelivery = kill_a_subscriber(queue, url, name, stop)
        on_step("")
    finally:
        backend.delete(name)
    return Result(
        sent=count * PUBLISHERS,
        first=first,
        repeated=repeated,
        prepended=prepended,
        duplicates=duplicates,
        redelivery=redelivery,
    )


def _send_and_receive(
    queue: Queue, count: int, prepend: str, stop: list[int], seen: Tally
) -> Round:
    """Let the publishers send while the subscribers receive, until nothing arrives any more."""
    round_ = Round()
    done: list[int] = []

    def show(message: Message | None) -> None:
        round_.add(message)
        if message is not None:
            seen.add(message)

    with ThreadPoolExecutor(PUBLISHERS + SUBSCRIBERS) as pool:
        readers = [pool.submit(subscribe, queue, done, show) for _ in range(SUBSCRIBERS)]
        try:
            # Deduplication looks at the text alone: each publisher's must differ.
            writers = [
                pool.submit(_publisher(number, count, prepend).send_all, queue, stop)
                for number in range(1, PUBLISHERS + 1)
            ]
            for writer in writers:
                writer.result()
            sent_at = time.monotonic()
            _wait(lambda: time.monotonic() - max(round_.last, sent_at) > QUIET, stop)
        finally:
            done.append(0)
    for reader in readers:
        reader.result()
    return round_


def _publisher(number: int, count: int, prepend: str) -> Publisher:
    client = f"P{number}"
    return Publisher(client=client, group=client, count=count, prepend=f"{prepend}{client}-")


def _wait(condition: Callable[[], bool], stop: list[int]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if stop:
            raise QueueLabError("Stopped before the end.")
        if time.monotonic() > deadline:
            raise QueueLabError("The queue does not become empty; give a smaller --count.")
        time.sleep(POLL)
