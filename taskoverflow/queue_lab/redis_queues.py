"""The lab's two kinds of queue on Redis Streams.

A standard queue is spread over SHARDS streams, picked at random on both sides: like the shards of
SQS, each keeps its order and the whole does not. A FIFO queue has a stream for each message group.
What is in flight is what its stream's consumer group has pending, so that a message held by a dead
subscriber is claimed by another once the visibility timeout is over; a message group with one
pending gives out no other. Each call is one Lua script: it happens whole, or not at all.
"""

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from importlib.resources import files
from typing import Any

from redis import AuthenticationError, Redis, RedisError, ResponseError
from redis import ConnectionError as RedisConnectionError
from redis import TimeoutError as RedisTimeoutError
from redis.backoff import NoBackoff
from redis.retry import Retry

from taskoverflow.queue_lab.queues import (
    DEDUPLICATION,
    DEFAULT_VISIBILITY,
    Message,
    Outgoing,
    QueueLabError,
    UnknownQueue,
    check_body,
    format_position,
    is_fifo,
    parse_position,
)

SHARDS = 4
RETENTION = 4 * 86400 * 1000  # milliseconds without use until a queue is forgotten; SQS's default
GROUP = "subscribers"  # the consumer group of every stream
LOOKED_AT = 100  # streams at most that one look at a queue looks at
# Seconds between two looks at an empty queue. A blocking read would not wake up for a message
# whose visibility timeout ends.
POLL = 0.05
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
        scripts = files("taskoverflow.queue_lab") / "lua"
        self.send, self.receive, self.remove, self.drop = (
            self.connection.register_script((scripts / f"{name}.lua").read_text())
            for name in ("send", "receive", "delete", "drop")
        )

    def open(self, name: str) -> "RedisQueue":
        """The queue of this name. Raises UnknownQueue."""
        with self.errors():
            if not self.connection.exists(_Keys(name).settings):
                raise UnknownQueue(name, self.names())
        return RedisQueue(self, name)

    def names(self) -> list[str]:
        """The queues there are, sorted."""
        with self.errors():
            keys = self.connection.scan_iter(_Keys("*").settings, count=1000)
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
        key = _Keys(name).settings
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
        keys = _Keys(name)
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


class RedisQueue:
    """One of them; see `Queue`."""

    def __init__(self, server: RedisQueues, name: str) -> None:
        self.server = server
        self.name = name
        self.keys = _Keys(name)
        self.fifo = is_fifo(name)

    def send(self, messages: Sequence[Outgoing]) -> None:
        """Send the messages, in this order."""
        streams, arguments = [], []
        for message in messages:
            check_body(message.body)
            digest = sha256(message.body.encode()).hexdigest() if self.fifo else ""
            # Which shard need not be secret.
            stream = message.group if self.fifo else str(random.randrange(SHARDS))  # noqa: S311
            streams.append(self.keys.stream(stream))
            arguments += [message.body, message.client, format_position(message.position), digest]
        keys = [self.keys.settings, self.keys.streams, self.keys.seen, *streams]
        with self._errors():
            self.server.send(keys=keys, args=[GROUP, RETENTION, *arguments])

    def receive(self, most: int, wait: float) -> list[Message]:
        """Up to `most` messages, as soon as there are any."""
        deadline = time.monotonic() + wait
        while not (found := self._look(most)) and time.monotonic() < deadline:
            time.sleep(POLL)
        return found

    def delete(self, messages: Sequence[Message]) -> None:
        """Delete what was received, unless it is somebody else's by now."""
        streams = [message.receipt[0] for message in messages]
        handles = [part for message in messages for part in message.receipt[1:]]
        with self._errors():
            self.server.remove(keys=[self.keys.streams, *streams], args=[GROUP, *handles])

    def _look(self, most: int) -> list[Message]:
        seed = random.getrandbits(31)
        with self._errors():
            found: Any = self.server.receive(
                keys=[self.keys.settings, self.keys.streams],
                args=[GROUP, most, seed, RETENTION, LOOKED_AT],
            )
        return [_message(*entry) for entry in found]

    @contextmanager
    def _errors(self) -> Iterator[None]:
        with self.server.errors():
            try:
                yield
            except ResponseError as error:
                if "NOQUEUE" in str(error):
                    raise UnknownQueue(self.name, self.server.names()) from error
                raise


class _Keys:
    """The names of a queue's keys. All expire after RETENTION, or are deleted with the queue."""

    def __init__(self, queue: str) -> None:
        self.prefix = f"queue-lab:{queue}"
        self.settings = f"{self.prefix}:settings"  # hash; it is there as long as the queue is
        self.streams = f"{self.prefix}:streams"  # sorted set of the streams with messages, by turn
        self.seen = (
            f"{self.prefix}:seen"  # sorted set of bodies' digests, by when each is forgotten
        )

    def stream(self, of: str) -> str:
        """A shard's stream, or a message group's."""
        return f"{self.prefix}:stream:{of}"


def _message(stream: bytes, entry: bytes, receives: int, fields: list[bytes]) -> Message:
    # Whoever can write to this Redis may have added anything.
    texts = [field.decode(errors="replace") for field in fields]
    named = dict(zip(texts[::2], texts[1::2], strict=False))
    sent_at = int(entry.partition(b"-")[0])
    return Message(
        body=named.get("body", ""),
        client=named.get("client", ""),
        position=parse_position(named.get("position", ""), sent_at),
        receives=receives,
        receipt=(stream.decode(errors="surrogateescape"), entry.decode(), str(receives)),
    )


def _without_password(url: str) -> str:
    scheme, _, rest = url.partition("://")
    place, slash, path = rest.partition("?")[0].partition("/")
    return f"{scheme}://{place.rpartition('@')[2]}{slash}{path}"
