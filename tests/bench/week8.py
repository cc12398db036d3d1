"""The course's week-8 load: planners who add, list and delete, studiers who list and tick.

Each user does one thing, thinks for a second, and does the next. Their number rises, step by step,
until a stack fails: a request in a hundred is refused or broken, or one in twenty takes longer than
LIMIT. One process on a core of its own plays all users, with a connection for each.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from tests.bench.part import Part
from tests.bench.report import milliseconds, number, table
from tests.bench.stacks import OURS, PRACTICAL, Stack, stacks
from tests.bench.stand import folder, on_client_core, tell

TODOS = 200
PLANNERS = 1 / 3  # of the users
THINK = 1.0  # seconds, on average
LIMIT = 0.5  # seconds: who waits longer in one case of twenty is not served
FAILED = 0.01  # of the requests


class Step(NamedTuple):
    """What so many users saw: requests per second, the slowest twentieth, the failed share."""

    users: int
    rate: float
    p95: float
    failed: float

    @property
    def passed(self) -> bool:
        """Whether the users were served."""
        return self.p95 <= LIMIT and self.failed <= FAILED


def part(steps: Sequence[int], seconds: float) -> Part:
    """Raise the number of users, on one stack and then on the other, until each fails."""
    found: dict[str, list[Step]] = {OURS: [], PRACTICAL: []}
    with folder() as home, stacks(home) as both:
        for users in steps:
            for name, one in both.items():
                if not found[name] or found[name][-1].passed:
                    one.fill(TODOS)
                    found[name].append(_step(one, users, seconds))
                    step = found[name][-1]
                    tell(f"load, {users} users: {name} {step.rate:.0f}/s, p95 {step.p95:.2f} s")
    return _part(found)


def _part(found: dict[str, list[Step]]) -> Part:
    rows = [
        [
            str(step.users),
            name,
            number(step.rate),
            milliseconds(step.p95),
            f"{100 * step.failed:.1f}",
            "passed" if step.passed else "**failed**",
        ]
        for users in dict.fromkeys(step.users for steps in found.values() for step in steps)
        for name, steps in found.items()
        for step in steps
        if step.users == users
    ]
    most = {
        name: max([s.users for s in steps if s.passed], default=0) for name, steps in found.items()
    }
    text = (
        f"A user sends a request about every second. Failed: p95 over {LIMIT:g} s, or more than"
        f" {100 * FAILED:g} % of the requests refused or broken. The most users served: "
        f"{most[OURS]} by {OURS}, {most[PRACTICAL]} by {PRACTICAL}.\n\n"
    )
    head = ["users", "stack", "req/s", "p95, ms", "failed, %", ""]
    return Part(text + table(head, rows), {"load, users between": most[OURS] - most[PRACTICAL]})


def _step(stack: Stack, users: int, seconds: float) -> Step:
    wanted = {"port": stack.port, "users": users, "seconds": seconds}
    found = on_client_core("tests.bench.week8", wanted, stack.environ)
    times = sorted(found["times"]) or [float("inf")]
    total = max(1, len(found["times"]) + found["failed"])
    p95 = times[int(0.95 * len(times))]
    return Step(users, len(found["times"]) / seconds, p95, found["failed"] / total)


class User:
    """One user, with a connection that is opened again when the server closes it."""

    def __init__(self, port: int, *, plans: bool, seed: int) -> None:
        self.port = port
        self.plans = plans
        self.dice = random.Random(seed)
        self.own: list[int] = []
        self.seen: list[int] = []
        self.connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def act(self) -> None:
        """Do the next thing. Raises OSError or ValueError when it fails."""
        if not self.plans:
            if self.seen and self.dice.random() < 0.5:
                todo_id = self.dice.choice(self.seen)
                await self.ask("PUT", f"/todos/{todo_id}", {"completed": True}, also=404)
                return
        elif self.own and self.dice.random() < 0.3:
            await self.ask("DELETE", f"/todos/{self.own.pop()}")
            return
        elif self.dice.random() < 0.6:
            todo = await self.ask("POST", "/todos", {"title": "Plan the week", "description": "…"})
            self.own.append(todo["id"])
            return
        self.seen = [todo["id"] for todo in await self.ask("GET", "/todos?limit=50")]

    async def ask(self, method: str, path: str, body: Any = None, also: int = 0) -> Any:
        """Send a request and read the answer; any status from 400 on but `also` is a failure."""
        if self.connection is None:
            self.connection = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.connection
        data = json.dumps(body).encode() if body is not None else b""
        head = f"{method} /api/v1{path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
        if body is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n"
        try:
            writer.write(head.encode() + b"\r\n" + data)
            answer = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(answer.partition(b"content-length:")[2].split(b"\r\n", 1)[0] or 0)
            text = await reader.readexactly(length)
        except BaseException:
            self.close()
            raise
        if b"connection: close" in answer:
            self.close()
        status = int(answer[9:12])
        if status >= 400 and status != also:
            raise ValueError(status)
        return json.loads(text)

    def close(self) -> None:
        """Hang up."""
        if self.connection is not None:
            self.connection[1].close()
        self.connection = None


async def _play(port: int, users: int, seconds: float) -> dict[str, Any]:
    warm, times, failed = seconds * 0.3, [], 0
    start = time.monotonic()

    async def live(user: User) -> None:
        nonlocal failed
        await asyncio.sleep(user.dice.uniform(0, THINK))
        while (began := time.monotonic()) - start < warm + seconds:
            try:
                async with asyncio.timeout(5):
                    await user.act()
                if began - start >= warm:
                    times.append(time.monotonic() - began)
            except (OSError, ValueError, EOFError, TimeoutError):
                failed += began - start >= warm
            await asyncio.sleep(user.dice.uniform(0.5 * THINK, 1.5 * THINK))
        user.close()

    everybody = [User(port, plans=n < users * PLANNERS, seed=n) for n in range(users)]
    await asyncio.gather(*(live(user) for user in everybody))
    return {"times": times, "failed": failed}


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    json.dump(asyncio.run(_play(asked["port"], asked["users"], asked["seconds"])), sys.stdout)
