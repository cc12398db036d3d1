"""A Redis server, and the queues on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

from redis import AuthenticationError, Redis, RedisError
from redis import ConnectionError as RedisConnectionError
from redis import TimeoutError as RedisTimeoutError
from redis.backoff import NoBackoff
from redis.retry import Retry

from taskoverflow.queue_lab.on_redis.keys import RETENTION, Keys
from taskoverflow.queue_lab.on_redis.queue import RedisQueue
from taskoverflow.queue_lab.queues import (
    DEDUPLICATION,
    DEFAULT_VISIBILITY,
    QueueLabError,
    UnknownQueue,
    is_fifo,
)

TIMEOUT = 5.0  # seconds


class RedisQueues:
    """The queues on a Redis server; see `Backend`."""

    def __init__(self, url: str) -> None:
        self.title = f"Redis at {_without_password(url)}"
        try:
            self.connection = Redis.from_url(
                url,
                socket_timeout=TIMEOUT,
                socket_connect_timeout=TIMEOUT,
                # Once more, for a pooled connection that died while idle.
                retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
            )
        except ValueError as error:
            raise QueueLabError(f"--url is not a Redis URL: {error}.") from error
        scripts = files("taskoverflow.queue_lab.on_redis") / "lua"
        self.send, self.receive, self.remove, self.drop = (
            self.connection.register_script((scripts / f"{name}.lua").read_text())
            for name in ("send", "receive", "delete", "drop")
        )

    def open(self, name: str) -> RedisQueue:
        """The queue of this name. Raises UnknownQueue."""
        with self.errors():
            if not self.connection.exists(Keys(name).settings):
                raise UnknownQueue(name, self.names())
        return RedisQueue(self, name)

    def names(self) -> list[str]:
        """The queues there are, sorted."""
        with self.errors():
            keys = self.connection.scan_iter(Keys("*").settings, count=1000)
            return sorted(key.decode(errors="replace").split(":")[1] for key in keys)

    def create(
        self,
        name: str,
        visibility: float = DEFAULT_VISIBILITY,
        deduplication: float = DEDUPLICATION,
    ) -> bool:
        """Make a queue, FIFO if its name says so; False if it is there already.

        `visibility` and `deduplication` are in seconds.
        """
        settings: dict[Any, Any] = {
            "fifo": int(is_fifo(name)),
            "visibility": int(visibility * 1000),
            "deduplication": int(deduplication * 1000),
        }
        key = Keys(name).settings
        with self.errors():
            if self.connection.exists(key):
                return False
            with self.connection.pipeline() as pipeline:
                pipeline.hset(key, mapping=settings)
                pipeline.pexpire(key, RETENTION)
                pipeline.execute()
        return True

    def delete(self, name: str) -> None:
        """Delete a queue with all it holds. Raises UnknownQueue."""
        keys = Keys(name)
        with self.errors():
            if not self.drop(keys=[keys.settings, keys.streams, keys.seen]):
                raise UnknownQueue(name, self.names())

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Redis's errors as QueueLabError."""
        try:
            yield
        except AuthenticationError as error:
            raise QueueLabError(f"{self.title} refuses the user or password of its URL.") from error
        except (RedisConnectionError, RedisTimeoutError) as error:
            raise QueueLabError(
                f"{self.title} does not answer; start `scripts/run` in another terminal, or name "
                "another with --url."
            ) from error
        except RedisError as error:
            raise QueueLabError(f"{self.title} refuses: {error}.") from error


def _without_password(url: str) -> str:
    scheme, _, rest = url.partition("://")
    place, slash, path = rest.partition("?")[0].partition("/")
    return f"{scheme}://{place.rpartition('@')[2]}{slash}{path}"
