"""Arithmetic: from the run's own figures to so many users, on the sizes of terraform/README.md."""

from math import ceil
from typing import NamedTuple

from tests.bench.report import number, table

USERS = (1_000, 100_000)
REQUESTS = 32  # of a user on a day: 20 of a page's, and 12 of a calendar's that asks for news
CALENDARS = 2  # of a user on a day
BUSIEST = 0.2  # of a day's requests come in its busiest hour
RESERVE = 2  # times what the busiest hour needs
VCPU = 0.5  # of a core here: a Fargate vCPU is a thread of one
THREADS = 20  # of a web process: its connections to the database
NEEDED = {"pages per second", "seconds per calendar", "bytes per job"}


class Size(NamedTuple):
    """A size of terraform/: vCPUs of its app and worker tasks at the least, and USD a month."""

    name: str
    app: float
    worker: float
    cost: int


SIZES = (
    Size("small", 0.25, 0.25, 110),
    Size("medium", 1, 2, 335),
    Size("large", 4, 8, 1360),
)


def text(figures: dict[str, float]) -> str:
    """The assumptions and the table."""
    rows = [_row(users, figures) for users in USERS]
    head = ["users", "req/s at the peak", "calendars/s", "web vCPU", "worker vCPU",
            "database connections", "Redis, MiB", "terraform size", "USD a month"]  # fmt: skip
    return (
        f"Assumed: a user sends {REQUESTS} requests and makes {CALENDARS} calendars a day, "
        f"{BUSIEST:.0%} of them in the busiest hour; every request costs what a page of 50 does, "
        f"{figures['pages per second']:,.0f} of which a core here serves in a second; a calendar "
        f"keeps a worker for {1000 * figures['seconds per calendar']:.0f} ms; a Fargate vCPU does "
        f"{VCPU:g} of a core's work; {RESERVE} times what is needed is bought. Redis keeps a day's "
        f"jobs. Prices: terraform/README.md.\n\n{table(head, rows)}\n\n"
        "What ends first is the database's connections: a web process has one for each of the "
        f"{THREADS} calls that it makes at once, a worker has 2, and a db.t4g.micro takes about "
        "80. Then it is the web tasks' processors, and long after them the workers'."
    )


def _row(users: int, figures: dict[str, float]) -> list[str]:
    requests = users * REQUESTS * BUSIEST / 3600
    calendars = users * CALENDARS * BUSIEST / 3600
    web = RESERVE * requests / figures["pages per second"] / VCPU
    worker = RESERVE * calendars * figures["seconds per calendar"] / VCPU
    connections = THREADS * max(1, ceil(web)) + 2 * max(1, ceil(worker))
    memory = users * CALENDARS * figures["bytes per job"] / 2**20
    size = next((s for s in SIZES if s.app >= web and s.worker >= worker), SIZES[-1])
    return [
        f"{users:,}",
        number(requests),
        number(calendars),
        number(web),
        number(worker),
        str(connections),
        number(memory),
        size.name,
        f"{size.cost:,}",
    ]
