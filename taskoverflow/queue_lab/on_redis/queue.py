"""A queue: sends, receives and deletes, each by one of the scripts in `lua`."""

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from redis import ResponseError

from taskoverflow.queue_lab.on_redis.keys import RETENTION, Keys
from taskoverflow.queue_lab.queues import (
    Message,
    Outgoing,
    UnknownQueue,
    check_body,
    format_position,
    is_fifo,
    parse_position,
)

if TYPE_CHECKING:
    from taskoverflow.queue_lab.on_redis.server import RedisQueues

SHARDS = 4  # streams of a standard queue
GROUP = "subscribers"  # the consumer group of every stream
LOOKED_AT = 100  # streams at most that one look at a queue looks at
# Seconds between two looks at an empty queue. A blocking read would not wake up for a message
# whose visibility timeout ends.
POLL = 0.05


class RedisQueue:
    """One queue on a Redis server; see `Queue`."""

    def __init__(self, server: "RedisQueues", name: str) -> None:
        self.server = server
        self.name = name
        self.keys = Keys(name)
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
        receipt=(stream.decode(errors="replace"), entry.decode(), str(receives)),
    )
