"""A child that is tied to its parent."""

import subprocess
import sys

import psutil
import pytest

from tests.conftest import wait_until

# A parent that starts a child and is gone at once: before or after the child is tied to it.
PARENT = """
import os, signal, sys, time
from taskoverflow.lifeline import die_with_parent
parent, (reader, writer) = os.getpid(), os.pipe()
if os.fork() == 0:
    if {late}:
        time.sleep(0.3)
    die_with_parent(parent)
    print(os.getpid(), flush=True)
    os.write(writer, b"x")
    time.sleep(60)
if not {late}:
    os.read(reader, 1)
os.kill(parent, signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl(2) is Linux's")
@pytest.mark.parametrize("late", [False, True])
def test_a_child_dies_with_its_parent_however_early_that_is(late):
    code = PARENT.format(late=late)
    # run() returns when the pipe is closed: the last thing but one that a process does.
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=10)
    for pid in done.stdout.split():
        wait_until(lambda pid=pid: is_gone(int(pid)))


def is_gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE  # init has yet to reap it
    except psutil.NoSuchProcess:
        return True
