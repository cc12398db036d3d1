"""A Valkey server of one's own, for the time of a command."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis, RedisError

from taskoverflow.queue_lab.queues import QueueLabError
from taskoverflow.supervisor import POLL, Child, stop

START_TIMEOUT = 10.0  # seconds
STOP_GRACE = 2.0  # seconds


@contextmanager
def embedded_server(program: Path) -> Iterator[str]:
    """The URL of a new, empty server that keeps nothing and that nobody else can reach."""
    with tempfile.TemporaryDirectory(prefix="queue-lab-") as folder:
        socket = Path(folder) / "valkey.sock"
        options = {
            "port": "0",
            "unixsocket": str(socket),
            "unixsocketperm": "700",
            "dir": folder,
            "save": "",
            "logfile": str(Path(folder) / "valkey.log"),
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        server = Child("valkey", [str(program), *arguments])
        server.start()
        try:
            _wait_for(server, f"unix://{socket}")
            yield f"unix://{socket}"
        finally:
            stop([server], STOP_GRACE)


def _wait_for(server: Child, url: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    with Redis.from_url(url, retry=None) as connection:
        while True:
            try:
                connection.ping()
                return
            except RedisError as error:
                dead = server.process is None or server.process.poll() is not None
                if dead or time.monotonic() > deadline:
                    raise QueueLabError(
                        "The embedded Valkey does not start; name a Redis with --url redis://…."
                    ) from error
                time.sleep(POLL)
