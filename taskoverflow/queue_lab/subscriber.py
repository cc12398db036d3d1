"""The subscriber: receives messages, works on them, deletes them."""

import time
from collections.abc import Callable

from taskoverflow.queue_lab.queues import BATCH, Message, Queue

WAIT = 1.0  # seconds of long polling: how long a Ctrl-C may have to wait
NAP = 0.1  # seconds between two looks at whether to stop


def subscribe(
    queue: Queue, stop: list[int], show: Callable[[Message | None], None], work: float = 0
) -> None:
    """Receive until `stop` is not empty; `show` gets each message, and None after a vain wait.

    `work` is the seconds that a message takes before it is deleted: whoever is killed or stopped
    meanwhile has not deleted it, and it comes again.
    """
    while not stop:
        messages = queue.receive(1 if work else BATCH, WAIT)
        for message in messages:
            show(message)
        if not messages:
            show(None)
        elif _worked(work, stop):
            queue.delete(messages)


def _worked(work: float, stop: list[int]) -> bool:
    """Spend the seconds of work; False if told to stop before they were over."""
    end = time.monotonic() + work
    while (left := end - time.monotonic()) > 0:
        if stop:
            return False
        time.sleep(min(NAP, left))
    return True
