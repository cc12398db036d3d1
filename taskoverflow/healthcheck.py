"""Whether a part of the service that runs on this host works: what a container is asked."""

import socket
import urllib.error
import urllib.request

from taskoverflow.errors import QueueUnavailable
from taskoverflow.settings import Settings

PARTS = ("serve", "worker", "dashboard")
TIMEOUT = 5.0  # seconds
EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


class Unhealthy(Exception):
    """The part does not work; the message is one sentence."""


def check(settings: Settings, part: str) -> None:
    """Return when the part works, one of PARTS. Raises Unhealthy."""
    if part == "worker":
        _check_worker(settings)
    elif part == "dashboard":
        # It may ask for its password: that is an answer too.
        _check_http(settings.dashboard_host, settings.dashboard_port, "/", {200, 401})
    else:
        # That it lives, not that it is ready: while Redis is away, it serves what needs no Redis.
        _check_http(settings.host, settings.port, "/livez", {200})


def _check_http(host: str, port: int, path: str, good: set[int]) -> None:
    host = EVERY_ADDRESS.get(host, host)
    url = f"http://[{host}]:{port}{path}" if ":" in host else f"http://{host}:{port}{path}"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:  # noqa: S310
            status = answer.status
    except urllib.error.HTTPError as error:
        status = error.code
    except OSError as error:
        raise Unhealthy(f"{url}: {error}") from error
    if status not in good:
        raise Unhealthy(f"{url} answers {status}.")


def _check_worker(settings: Settings) -> None:
    """Look for the heartbeat in Redis: a process that is there may be frozen or cut off."""
    from taskoverflow.jobqueue import JobQueue

    host = socket.gethostname()
    queue = JobQueue(settings)
    try:
        if host not in queue.hosts_of_workers():
            raise Unhealthy(f"No worker on {host} has given a sign of life lately.")
    except QueueUnavailable as error:
        raise Unhealthy("Redis is away, and with it the worker's sign of life.") from error
    finally:
        queue.close()
