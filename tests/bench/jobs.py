"""Empty jobs per second, on our worker and on those of other queues."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import psutil
from redis import Redis

from tests.bench import rivals
from tests.bench.part import Part
from tests.bench.queues.mark import marks
from tests.bench.report import median, number, table
from tests.bench.stand import Process, folder, running, tell, valkey, wait_for

WORKERS = 2  # processes
WARM_UP = 0.2  # of the jobs come before the clock starts
OURS = "TaskOverflow's worker"
CELERY, RQ = "Celery, prefork", "RQ Worker"


class Queue(NamedTuple):
    """A queue: how many jobs it is given, how they are put on it, and how its workers are run."""

    jobs: int
    submit: Sequence[str]
    work: Sequence[str]
    commands: int = 1  # to be run to have WORKERS processes
    venv: str = "rivals"


class Round(NamedTuple):
    """What one queue did: jobs per second, and the processors' time that a job took, in seconds."""

    rate: float
    cpu: float
    round_trips: float


def _module(name: str) -> list[str]:
    return ["python", "-m", f"tests.bench.queues.{name}"]


QUEUES = {
    OURS: Queue(6000, _module("our_jobs"), [*_module("our_jobs"), "work"], WORKERS, ""),
    CELERY: Queue(
        6000,
        _module("celery_jobs"),
        ["celery", "-A", "tests.bench.queues.celery_jobs", "worker", "--pool", "prefork",
         "--concurrency", str(WORKERS), "--loglevel", "WARNING",
         "--without-gossip", "--without-mingle", "--without-heartbeat"],
    ),
    RQ: Queue(
        300, _module("rq_jobs"), ["rq", "worker", "--quiet", "--url", "REDIS"], WORKERS
    ),
    "RQ SimpleWorker": Queue(
        2000,
        _module("rq_jobs"),
        ["rq", "worker", "--quiet", "--url", "REDIS", "--worker-class", "rq.SimpleWorker"],
        WORKERS,
    ),
    "SAQ": Queue(
        4000,
        _module("saq_jobs"),
        ["saq", "tests.bench.queues.saq_jobs.settings", "--workers", str(WORKERS), "--quiet"],
    ),
    "arq": Queue(
        2000, _module("arq_jobs"), ["arq", "tests.bench.queues.arq_jobs.WorkerSettings"],
        WORKERS, "arq",
    ),
    "huey": Queue(
        6000,
        _module("huey_jobs"),
        ["huey_consumer", "tests.bench.queues.huey_jobs.huey", "--worker-type", "process",
         "--workers", str(WORKERS), "--no-periodic", "--quiet"],
    ),
    "dramatiq": Queue(
        6000,
        _module("dramatiq_jobs"),
        ["dramatiq", "tests.bench.queues.dramatiq_jobs", "--processes", str(WORKERS),
         "--threads", "8"],
    ),
}  # fmt: skip


def part(rounds: int, share: float, names: Sequence[str] = tuple(QUEUES)) -> Part:
    """Every queue once a round; `share` of the usual number of jobs."""
    found: dict[str, list[Round]] = {name: [] for name in names}
    for number_ in range(1, rounds + 1):
        for name in names:
            found[name].append(measure(QUEUES[name], share))
            tell(f"jobs, round {number_}: {name}: {found[name][-1].rate:.0f} jobs/s")
    figures = {f"jobs, {name}": _ratio(found, OURS, name) for name in (CELERY, RQ)}
    return Part(_table(found), figures)


def _table(found: dict[str, list[Round]]) -> str:
    head = ["queue", "jobs/s per process", "Celery = 1", "RQ Worker = 1", "CPU per job, ms",
            "round trips per job"]  # fmt: skip
    rows = [
        [
            name,
            number(median(one.rate for one in rounds) / WORKERS),
            *(number(_ratio(found, name, other)) for other in (CELERY, RQ)),
            number(1000 * median(one.cpu for one in rounds)),
            number(median(one.round_trips for one in rounds)),
        ]
        for name, rounds in found.items()
    ]
    return f"{WORKERS} worker processes on all cores, one Valkey\n\n{table(head, rows)}"


def _ratio(found: dict[str, list[Round]], name: str, other: str) -> float:
    """The median of the rounds' ratios: what slows one down slows both."""
    rounds = zip(found[name], found.get(other, ()), strict=other in found)
    return median([a.rate / b.rate for a, b in rounds] or [float("nan")])


def measure(queue: Queue, share: float) -> Round:
    """Put jobs on a queue, and then run them."""
    jobs = max(50, round(queue.jobs * share))
    path = rivals.bin_of(queue.venv) if queue.venv else Path(sys.executable).parent
    with folder() as home, valkey(home) as url, ExitStack() as stack:
        file = home / "marks"
        environ = rivals.environ(
            BENCH_REDIS=url,
            BENCH_MARKS=str(file),
            REDIS_URL=url,
            DATABASE_URL=f"sqlite:///{home}/none.db",
        )
        with running([path / queue.submit[0], *queue.submit[1:], str(jobs)], home / "log",
                     environ) as submitting:  # fmt: skip
            submitting.wait(120)
        with Redis.from_url(url) as connection:
            before = _reads(connection)
            command = [
                path / queue.work[0],
                *(url if word == "REDIS" else word for word in queue.work[1:]),
            ]
            workers = [
                stack.enter_context(running(command, home / "log", environ))
                for _ in range(queue.commands)
            ]
            wait_for(lambda: file.exists() and file.stat().st_size >= 8 * jobs * WARM_UP)
            # A quick queue may have run all of the short form's by then.
            cpu_before, warm = _cpu(workers), min(len(marks(file)), jobs // 2)
            wait_for(lambda: file.stat().st_size >= 8 * jobs, 120)
            cpu = _cpu(workers) - cpu_before
            trips = (_reads(connection) - before) / jobs
        times = marks(file)
        seconds = times[-1] - times[warm - 1]
        return Round((jobs - warm) / seconds, cpu / (jobs - warm), trips)


def _reads(connection: Redis) -> int:
    return int(connection.info("stats")["total_reads_processed"])


def _cpu(workers: list[Process]) -> float:
    """What the workers and all their children, dead ones too, have used of the processors."""
    total = 0.0
    for worker in workers:
        for process in (
            psutil.Process(worker.pid),
            *psutil.Process(worker.pid).children(recursive=True),
        ):
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system + times.children_user + times.children_system
    return total
