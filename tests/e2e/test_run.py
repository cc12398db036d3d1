"""`taskoverflow run`: the whole product as a person starts it, and as they stop or lose it."""

import os
import signal
import socket
import subprocess
import sys

import httpx
import ics
import psutil
import pytest

from tests.conftest import free_port, wait_until

ENDS = ("SUCCESS", "FAILURE", "REVOKED")


class Stack:
    """A `taskoverflow run` in a data folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.environ = {
            "PATH": os.environ["PATH"],
            "TASKOVERFLOW_DATA_DIR": str(folder),
            "TASKOVERFLOW_PORT": str(self.port),
            "TASKOVERFLOW_DASHBOARD_PORT": str(free_port()),
        }
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}/api/v1", timeout=20)
        self.process = None

    def start(self, **environ):
        log = self.folder.parent / f"run-{os.urandom(4).hex()}.log"
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "taskoverflow.cli", "run"],
                env={**self.environ, **environ},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        wait_until(lambda: self.is_running(log) and "stop with Ctrl-C" in log.read_text())
        return log.read_text()

    def is_running(self, log):
        assert self.process.poll() is None, log.read_text()
        return True

    def tree(self):
        itself = psutil.Process(self.process.pid)
        return [itself, *itself.children(recursive=True)]

    def children(self, command):
        """The processes of a command, without the work horses that a worker forks."""
        direct = psutil.Process(self.process.pid).children()
        return [process for process in direct if last_argument(process) == command]

    def kill_everything(self):
        tree = self.tree()
        for process in tree:
            process.suspend()  # so that none sees another die
        for process in tree:
            process.kill()
        self.process.wait()
        psutil.wait_procs(tree, timeout=10)

    def status(self, task):
        return self.http.get(task["task_url"]).json()["task_status"]


def last_argument(process):
    try:
        return process.cmdline()[-1]
    except (IndexError, psutil.NoSuchProcess):  # a zombie that `run` has yet to reap
        return None


@pytest.fixture
def stack(tmp_path):
    # A space and a letter beyond ASCII: a folder of somebody's.
    stack = Stack(tmp_path / "my dätä")
    yield stack
    stack.http.close()
    if stack.process and stack.process.poll() is None:
        stack.kill_everything()


def test_it_works(stack):
    log = stack.start()
    for place in ("page", "API", "dashboard", "data"):
        assert f"\n  {place} " in log
    todo = {"title": "Watch CSSE6400 Lecture", "deadline_at": "2026-12-01T00:00:00"}
    assert stack.http.post("/todos", json=todo).status_code == 201
    task = stack.http.post("/todos/ical").json()
    wait_until(lambda: stack.status(task) in ENDS)
    result = stack.http.get(f"/todos/ical/{task['task_id']}/result")
    assert [event.name for event in ics.Calendar(result.text).events] == [todo["title"]]
    assert todo["title"] in httpx.get(f"http://127.0.0.1:{stack.port}/").text
    for command, number in (("serve", 1), ("worker", 2), ("dashboard", 1)):
        assert len(stack.children(command)) == number, command


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_stops_everything_and_leaves_nothing_behind(stack, signum):
    stack.start(TASKOVERFLOW_ICAL_DELAY="60")
    task = stack.http.post("/todos/ical").json()
    wait_until(lambda: stack.status(task) == "STARTED")
    tree = stack.tree()
    stack.process.send_signal(signum)
    assert stack.process.wait(timeout=20) == 0
    assert psutil.wait_procs(tree, timeout=0)[1] == []
    # The job was put back, and runs when there is somebody to run it.
    stack.start()
    wait_until(lambda: stack.status(task) == "SUCCESS")


def test_a_child_that_dies_is_started_again(stack):
    stack.start()
    for command in ("serve", "worker", "dashboard"):
        before = stack.children(command)
        before[0].kill()
        wait_until(lambda c=command, b=before: is_replaced(b, stack.children(c)))
    wait_until(lambda: is_up(stack))
    task = stack.http.post("/todos/ical").json()
    wait_until(lambda: stack.status(task) == "SUCCESS")


def is_replaced(before, after):
    return before[0] not in after and len(after) == len(before)


def is_up(stack):
    try:
        return stack.http.get("/health").status_code == 200
    except httpx.TransportError:
        return False


def test_a_kill_of_everything_loses_neither_todos_nor_jobs(stack):
    stack.start(TASKOVERFLOW_ICAL_DELAY="60", TASKOVERFLOW_WORKERS="1")
    stack.http.post("/todos", json={"title": "x", "deadline_at": "2026-12-01T00:00:00"})
    running = stack.http.post("/todos/ical").json()
    wait_until(lambda: stack.status(running) == "STARTED")
    queued = stack.http.post("/todos/ical").json()
    assert stack.status(queued) == "PENDING"
    stack.kill_everything()

    stack.start()
    assert [todo["title"] for todo in stack.http.get("/todos").json()] == ["x"]
    wait_until(lambda: stack.status(queued) == "SUCCESS")
    # Its worker is known to be dead once three of its heartbeats were missed.
    wait_until(lambda: stack.status(running) == "SUCCESS", timeout=40)


def test_a_kill_of_run_alone_leaves_nothing_behind(stack):
    stack.start()
    tree = stack.tree()
    stack.process.kill()
    stack.process.wait()
    assert psutil.wait_procs(tree, timeout=15)[1] == []


def refused(**environ):
    done = subprocess.run(
        [sys.executable, "-m", "taskoverflow.cli", "run"],
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 2, (done.stdout, done.stderr)
    (sentence,) = done.stderr.splitlines()
    return sentence


@pytest.mark.parametrize("setting", ["TASKOVERFLOW_PORT", "TASKOVERFLOW_DASHBOARD_PORT"])
def test_a_port_in_use_is_one_sentence_and_exit_code_2(tmp_path, setting):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        given = {"TASKOVERFLOW_PORT": str(free_port()), setting: str(port)}
        sentence = refused(TASKOVERFLOW_DATA_DIR=str(tmp_path), **given)
    assert f"127.0.0.1:{port}" in sentence
    assert setting in sentence


def test_a_folder_that_cannot_be_written_is_one_sentence_and_exit_code_2(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    for folder in (tmp_path / "file" / "data", "/proc/taskoverflow"):
        assert f"The data folder {folder} cannot be written" in refused(
            TASKOVERFLOW_DATA_DIR=str(folder)
        )


def test_a_bad_setting_is_one_sentence_and_exit_code_2():
    assert "TASKOVERFLOW_PORT" in refused(TASKOVERFLOW_PORT="http")


def test_two_stacks_do_not_share_a_data_folder(stack):
    stack.start()
    assert "Another `taskoverflow run`" in refused(**stack.environ)


def test_a_data_folder_with_a_long_path_works(tmp_path):
    stack = Stack(tmp_path / ("x" * 120))
    try:
        stack.start(TASKOVERFLOW_DASHBOARD_PORT="0", TASKOVERFLOW_WORKERS="1")
        task = stack.http.post("/todos/ical").json()
        wait_until(lambda: stack.status(task) == "SUCCESS")
        assert stack.children("dashboard") == []
    finally:
        stack.http.close()
        stack.process.terminate()
        assert stack.process.wait(timeout=20) == 0
