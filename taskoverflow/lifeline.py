"""Ties a child process to its parent, so that a parent's kill -9 leaves nothing behind."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int, signum: signal.Signals = signal.SIGTERM) -> None:
    """Have the kernel send `signum` to this process when its parent dies (Linux: prctl(2)).

    To be called in the child; `parent` is the parent's process id. Elsewhere there is no such
    call, and an orphan has to be stopped by hand.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(signum))
        if os.getppid() != parent:  # it died before it was watched
            os.kill(os.getpid(), signum)
