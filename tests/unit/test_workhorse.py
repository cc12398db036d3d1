"""A work horse is a real process; what it works on here says how it shall end."""

import os
import signal
import time

import psutil
import pytest

from jobs.workhorse import Outcome, Workhorse

# Python 3.12 and later warn of any fork in a process that has threads.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


def work(task):
    if task == "crash":
        os._exit(0)
    if task == "raise":
        raise ValueError(task)
    if task == "grow":
        bytearray(b"x" * 300 * 2**20)
    if task == "hang":
        time.sleep(60)
    return task != "fail"


@pytest.fixture
def horse():
    horse = Workhorse(
        work, most_jobs=3, most_memory=256 + psutil.Process().memory_info().rss // 2**20
    )
    yield horse
    horse.retire()


def run(horse, task):
    """The outcome, and the process that was given the task."""
    horse.make_ready()
    pid = horse.pid
    horse.start(task)
    return horse.wait(20), pid


def test_one_process_runs_one_job_after_another(horse):
    assert run(horse, "well") == run(horse, "well")


@pytest.mark.parametrize("task", ["fail", "grow", "crash", "raise"])
def test_after_what_could_have_left_traces_another_process_goes_on(horse, task):
    outcome, pid = run(horse, task)
    assert outcome == (Outcome.DONE if task in ("fail", "grow") else Outcome.DIED)
    assert not psutil.pid_exists(pid)
    assert run(horse, "well")[0] is Outcome.DONE


def test_a_process_is_replaced_after_its_last_job(horse):
    pids = [run(horse, "well")[1] for _ in range(4)]
    assert pids[0] == pids[1] == pids[2] != pids[3]


def test_a_process_that_dies_without_work_costs_no_job(horse):
    _, pid = run(horse, "well")
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert run(horse, "well")[0] is Outcome.DONE


def test_a_process_that_is_killed_at_its_work_is_told_from_one_that_works(horse):
    horse.make_ready()
    horse.start("hang")
    assert horse.wait(0.05) is Outcome.RUNNING
    horse.kill()
    assert horse.wait(20) is Outcome.DIED
    assert horse.exit_status == signal.SIGKILL
    assert run(horse, "well")[0] is Outcome.DONE
