"""What goes on around a subscription: todos change, and Redis and the workers are broken."""

import random
import threading
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import httpx

from tests.conftest import StartProcess
from tests.faults.system import Valkey

WORKERS = 2
TODOS_AT_FIRST = 40
CHANGES = (1, 6)  # at a time
PAUSE, OUTAGE = (0.3, 2.0), (0.5, 4.0)  # seconds between two faults, and that Redis is away


class Broken:
    """Redis and the workers, one of them broken every now and then while the block lasts."""

    def __init__(self, valkey: Valkey, start: StartProcess, dice: random.Random) -> None:
        self.counts: Counter[str] = Counter()
        self._valkey, self._start, self._dice = valkey, start, dice
        self._workers = [start("worker") for _ in range(WORKERS)]
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._break)

    def __enter__(self) -> "Broken":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _break(self) -> None:
        faults = self._kill_redis, self._kill_a_worker, self._stop_a_worker
        while not self._done.wait(self._dice.uniform(*PAUSE)):
            self._dice.choice(faults)()

    def _kill_redis(self) -> None:
        self.counts["Redis killed"] += 1
        self._valkey.kill()
        self._done.wait(self._dice.uniform(*OUTAGE))
        self._valkey.start()

    def _kill_a_worker(self) -> None:
        self.counts["workers killed"] += 1
        worker = self._workers.pop(0)
        worker.kill()
        worker.wait()
        self._workers.append(self._start("worker"))

    def _stop_a_worker(self) -> None:
        self.counts["workers stopped"] += 1
        self._workers.pop(0).terminate()
        self._workers.append(self._start("worker"))


class Todos:
    """The todos behind the API, changed at random and never all of them gone."""

    def __init__(self, api: httpx.Client, dice: random.Random) -> None:
        self.changes = 0
        self._api, self._dice = api, dice
        for _ in range(TODOS_AT_FIRST):
            self._create()

    def change(self) -> None:
        for _ in range(self._dice.randint(*CHANGES)):
            todos = self.now()
            changes = (
                ["create"] if len(todos) < TODOS_AT_FIRST / 2 else ["create", "update", "delete"]
            )
            self._change(self._dice.choice(changes), self._dice.choice(todos)["id"])
            self.changes += 1

    def now(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._api.get("/todos").raise_for_status().json()
        return found

    def events(self) -> set[tuple[str, datetime]]:
        dates = ((todo["title"], todo["deadline_at"]) for todo in self.now())
        return {(title, datetime.fromisoformat(date)) for title, date in dates}

    def _made_up(self) -> dict[str, str]:
        deadline = datetime(2027, 1, 1) + timedelta(minutes=self._dice.randrange(10**5))
        title = f"Ünïcode, 日本; {self._dice.random()}"
        return {"title": title, "deadline_at": deadline.isoformat()}

    def _change(self, what: str, todo_id: int) -> None:
        if what == "create":
            self._create()
        elif what == "update":
            self._api.put(f"/todos/{todo_id}", json=self._made_up()).raise_for_status()
        else:
            self._api.delete(f"/todos/{todo_id}").raise_for_status()

    def _create(self) -> None:
        self._api.post("/todos", json=self._made_up()).raise_for_status()
