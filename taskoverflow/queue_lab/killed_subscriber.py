"""A subscriber that is killed while it holds messages, and where they go."""

import multiprocessing
import signal
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection

from taskoverflow.queue_lab.connect import connect
from taskoverflow.queue_lab.publisher import Publisher
from taskoverflow.queue_lab.queues import BATCH, Message, Queue, QueueLabError
from taskoverflow.queue_lab.subscriber import subscribe

PATIENCE = 60.0  # seconds
POLL = 0.1  # seconds between two looks at whether to stop


@dataclass(frozen=True, kw_only=True)
class Redelivery:
    """After a subscriber that held `held` messages was killed: when it was over, and how."""

    held: int
    seconds: float  # from the kill until another had received all that was sent
    in_order: bool


def kill_a_subscriber(queue: Queue, url: str, name: str, stop: list[int]) -> Redelivery:
    """Send a batch, have a process receive of it, kill that with -9, and receive it all.

    Raises QueueLabError, also when `stop` gets filled.
    """
    Publisher(client="K", group="K", count=BATCH, prepend="K-").send_all(queue, stop)
    held = _start_and_kill(url, name, stop)
    killed = time.monotonic()
    arrived: dict[str, Message] = {}
    done: list[int] = []

    def show(message: Message | None) -> None:
        if message is not None:
            arrived.setdefault(message.body, message)
        if stop or len(arrived) == BATCH or time.monotonic() - killed > PATIENCE:
            done.append(0)

    subscribe(queue, done, show)
    if len(arrived) < BATCH:
        raise QueueLabError("Stopped before all that the killed subscriber held came back.")
    positions = [message.position for message in arrived.values()]
    return Redelivery(
        held=held, seconds=time.monotonic() - killed, in_order=positions == sorted(positions)
    )


def _start_and_kill(url: str, name: str, stop: list[int]) -> int:
    """Start a subscriber process, and kill it once it holds messages; returns how many."""
    # A new interpreter: a fork would copy other threads' connections.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=hold, args=(url, name, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        deadline = time.monotonic() + PATIENCE
        while not ours.poll(POLL):
            if stop or time.monotonic() > deadline:
                raise QueueLabError("Stopped before the subscriber to be killed held a message.")
        return int(ours.recv())
    except EOFError as error:
        raise QueueLabError("The subscriber to be killed died by itself.") from error
    finally:
        process.kill()
        process.join()
        ours.close()


def hold(url: str, name: str, parent: Connection) -> None:
    """Receive messages, say how many, and hold them for as long as the parent lives."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the parent, which kills this
    messages = connect(url).open(name).receive(BATCH, PATIENCE / 6)
    parent.send(len(messages))
    parent.poll(None)
