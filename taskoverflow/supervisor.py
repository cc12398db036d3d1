"""Child processes that are started again when they die, and stopped together."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from taskoverflow.lifeline import die_with_parent

ITSELF = [sys.executable, "-m", "taskoverflow.cli"]
POLL = 0.1  # seconds
FIRST_BACKOFF, LONGEST_BACKOFF = 0.5, 5.0  # seconds before a dead child is started again
STEADY = 10.0  # seconds of life after which a child's back-off starts anew


@dataclass
class Child:
    """A process that is started again, ever more slowly, when it dies."""

    name: str
    command: list[str]
    environ: dict[str, str] = field(default_factory=dict)
    inherited: tuple[int, ...] = ()  # file descriptors
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    backoff: float = FIRST_BACKOFF

    def start(self) -> None:
        """Start the process, in a session of its own: a Ctrl-C is for the parent to pass on."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603
            self.command,
            env={**os.environ, **self.environ},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=self.inherited,
            preexec_fn=partial(die_with_parent, os.getpid()),
        )

    def keep_alive(self) -> None:
        """Start the process again if it has died and its back-off is over."""
        if self.process is None or self.process.poll() is None:
            return
        now = time.monotonic()
        if now - self.started_at > STEADY:
            self.backoff = FIRST_BACKOFF
        if now - self.started_at >= self.backoff:
            report(f"{self.name} ended with {self.process.returncode}; starting it again")
            self.backoff = min(2 * self.backoff, LONGEST_BACKOFF)
            self.start()

    def terminate(self) -> None:
        """Ask the process to stop."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait(self, deadline: float) -> None:
        """Wait until the process has stopped; past the deadline it is killed."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            report(f"{self.name} did not stop in time and is killed")
            self.process.kill()
            self.process.wait()


def supervise(children: list[Child], grace: float) -> None:
    """Keep the children running until SIGINT or SIGTERM; then stop them within `grace` seconds."""
    with stop_signals() as stop_requested:
        try:
            for child in children:
                child.start()
            keep_alive(children, stop_requested)
        finally:
            stop(children, grace)


def keep_alive(children: list[Child], stop_requested: list[int]) -> None:
    """Start again what dies, until a stop is requested."""
    while not stop_requested:
        for child in children:
            child.keep_alive()
        time.sleep(POLL)


def report(message: str) -> None:
    """Tell the person who started the stack."""
    print(f"taskoverflow: {message}", flush=True)  # noqa: T201


@contextmanager
def stop_signals() -> Iterator[list[int]]:
    """A list that is empty until SIGINT or SIGTERM arrives."""
    received: list[int] = []
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {
        signum: signal.signal(signum, lambda got, _: received.append(got)) for signum in signals
    }
    try:
        yield received
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


def stop(children: list[Child], grace: float) -> None:
    """Stop them all, and kill what has not stopped after `grace` seconds."""
    deadline = time.monotonic() + grace
    for child in children:
        child.terminate()
    for child in children:
        child.wait(deadline)
