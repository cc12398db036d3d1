"""Ties a child process to its parent, so that a parent's kill -9 leaves nothing behind."""

import ctypes
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(signum: signal.Signals = signal.SIGTERM) -> None:
    """Have the kernel send `signum` to this process when its parent dies (Linux: prctl(2)).

    Elsewhere there is no such call, and an orphan has to be stopped by hand.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(signum))
