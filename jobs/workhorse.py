"""The work horse: the child process in which a worker runs its jobs, one after another.

RQ's own forks for each job, which costs 15-18 ms. This one stays, until it has run enough jobs, has
grown too large, or a job has failed in it. It dies alone: the worker notices, and forks another.
"""

import logging
import os
import resource
import select
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from taskoverflow.lifeline import die_with_parent

MAXRSS_PER_MIB = 2**20 if sys.platform == "darwin" else 2**10

Work = Callable[[Any], bool]

logger = logging.getLogger(__name__)


class Outcome(Enum):
    """What has become of the work that was handed over."""

    RUNNING = auto()
    DONE = auto()
    DIED = auto()


class Workhorse:
    """One child process at a time, in a process group of its own."""

    def __init__(self, work: Work, most_jobs: int, most_memory: int) -> None:
        """`work` runs in the child, and says whether the child may go on.

        The child is replaced after `most_jobs`, and once it has needed `most_memory` MiB.
        """
        self.pid = 0
        self.exit_status: int | None = None  # of the last child, as os.waitpid has it
        self._work = work
        self._most_jobs = most_jobs
        self._most_memory = most_memory
        self._pipe: Connection
        self._news: select.poll  # of the pipe: its own `poll` makes a selector each time
        self._killed = False
        # A process id is its process's own only until that has been waited for. Re-entrant, since
        # a signal's handler may kill.
        self._lock = threading.RLock()

    def make_ready(self) -> None:
        """Fork a child unless there is one that lives."""
        if self.pid and (self._killed or self._news.poll(0)):  # without work, only its end shows
            self.retire()
        if not self.pid:
            self._fork()

    def start(self, task: object) -> None:
        """Hand work over. A child that has died since it was made ready shows in `wait`."""
        with suppress(OSError):
            self._pipe.send(task)

    def wait(self, seconds: float) -> Outcome:
        """Wait for the end of the work, for so many seconds at most."""
        try:
            if not self._news.poll(seconds * 1000):
                return Outcome.RUNNING
            may_go_on = self._pipe.recv()
        except (EOFError, OSError):
            self.retire()
            return Outcome.DIED
        if not may_go_on:
            self.retire()
        return Outcome.DONE

    def kill(self) -> None:
        """Kill the child and what it has started. To be called from any thread."""
        with self._lock:
            self._killed = True
            if self.pid:
                with suppress(ProcessLookupError):
                    os.killpg(self.pid, signal.SIGKILL)

    def retire(self) -> None:
        """End the child, if there is one; one that has no work has nothing to lose."""
        with self._lock:
            if self.pid:
                self.kill()
                self.exit_status = os.waitpid(self.pid, 0)[1]
                self._pipe.close()
                self.pid = 0

    def _fork(self) -> None:
        self._killed = False
        self._pipe, childs = Pipe()
        self._news = select.poll()
        self._news.register(self._pipe, select.POLLIN)
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            self._pipe.close()
            self._serve(childs, parent)
        childs.close()
        # In the child too, whichever comes first: `kill` must never reach the worker's own group.
        with suppress(ProcessLookupError, PermissionError):
            os.setpgid(self.pid, 0)

    def _serve(self, pipe: Connection, parent: int) -> None:
        """The child: work until there is no worker, or until it is time to be replaced."""
        try:
            os.setpgid(0, 0)
            die_with_parent(parent, signal.SIGKILL)  # nobody else would end an orphan
            for jobs in range(1, self._most_jobs + 1):
                may_go_on = self._work(pipe.recv())
                pipe.send(may_go_on and jobs < self._most_jobs and self._is_small())
        except EOFError:
            os._exit(0)
        except BaseException:
            logger.exception("the work horse fails")
        os._exit(1)

    def _is_small(self) -> bool:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak < self._most_memory * MAXRSS_PER_MIB
