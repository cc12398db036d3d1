"""`queue-lab compare`: both kinds of queue under the same load, at once, and what came of it."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from uuid import uuid4

from taskoverflow.queue_lab.connect import connect
from taskoverflow.queue_lab.publisher import Publisher
from taskoverflow.queue_lab.queues import BATCH, Backend, Message, Queue, QueueLabError
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
class Redelivery:
    """After a subscriber that held `held` messages was killed: when it was over, and how."""

    held: int
    seconds: float  # from the kill until another had received all that was sent
    in_order: bool


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
        redelivery = _kill_a_subscriber(queue, url, name, stop)
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
                pool.submit(_send_all, queue, f"P{number}", f"{prepend}P{number}-", count, stop)
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


def _send_all(queue: Queue, client: str, prepend: str, count: int, stop: list[int]) -> None:
    publisher = Publisher(client=client, group=client, count=count, prepend=prepend)
    for _ in publisher.send(queue, stop):
        pass


def _kill_a_subscriber(queue: Queue, url: str, name: str, stop: list[int]) -> Redelivery:
    _send_all(queue, "K", "K-", BATCH, stop)
    with _holder(url, name) as held:
        pass
    killed = time.monotonic()
    arrived: list[Message] = []
    done: list[int] = []

    def show(message: Message | None) -> None:
        if message is not None:
            arrived.append(message)
        if stop or len(arrived) == BATCH or time.monotonic() - killed > PATIENCE:
            done.append(0)

    subscribe(queue, done, show)
    if len(arrived) < BATCH:
        raise QueueLabError("The killed subscriber's messages did not come back; stopped.")
    positions = [message.position for message in arrived]
    return Redelivery(
        held=held, seconds=time.monotonic() - killed, in_order=positions == sorted(positions)
    )


@contextmanager
def _holder(url: str, name: str) -> Iterator[int]:
    """A subscriber process that holds messages; yields how many, and then kills it with -9."""
    # A new interpreter: a fork would copy other threads' connections.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=hold, args=(url, name, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(PATIENCE):
            raise QueueLabError("The subscriber to be killed received nothing.")
        yield ours.recv()
    except EOFError as error:
        raise QueueLabError("The subscriber to be killed died by itself.") from error
    finally:
        process.kill()
        process.join()
        ours.close()


def hold(url: str, name: str, parent: Connection) -> None:
    """Receive messages, say how many, and hold them for as long as the parent lives."""
    messages = connect(url).open(name).receive(BATCH, PATIENCE / 6)
    parent.send(len(messages))
    parent.poll(None)


def _wait(condition: Callable[[], bool], stop: list[int]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if stop:
            raise QueueLabError("Stopped before the end.")
        if time.monotonic() > deadline:
            raise QueueLabError("The queue does not become empty; see who else uses it.")
        time.sleep(POLL)
