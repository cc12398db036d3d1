"""A Redis client that waits out an outage instead of failing."""

import logging
from typing import Any

from redis import ConnectionError as RedisConnectionError
from redis import OutOfMemoryError, ReadOnlyError, Redis
from redis import TimeoutError as RedisTimeoutError
from redis.backoff import ExponentialWithJitterBackoff
from redis.retry import Retry

LONGEST_PAUSE = 2.0  # seconds between two tries
FOR_EVER = -1
# A full or a demoted Redis takes no writes for a while; to the worker that is an outage too.
OUTAGES = (RedisConnectionError, RedisTimeoutError, OutOfMemoryError, ReadOnlyError)

logger = logging.getLogger(__name__)


class Patience(Retry):
    """Tries again until Redis is back, or until told to give up."""

    def __init__(self) -> None:
        super().__init__(_Pauses(cap=LONGEST_PAUSE, base=0.05), FOR_EVER, OUTAGES)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Patience":
        # redis-py gives each connection a copy; giving up has to reach them all.
        return self

    def give_up(self) -> None:
        """Fail from now on, as a client without retries does: somebody waits for our end."""
        self.update_retries(0)


class _Pauses(ExponentialWithJitterBackoff):
    def compute(self, failures: int) -> float:
        if failures == 3:  # one or two are a connection that died while idle
            logger.warning("Redis is away or takes no writes; waiting for it")
        return float(super().compute(failures))


def patient_redis(url: str, patience: Patience) -> Redis:
    """A client for a worker. Its commands return once Redis has answered, however long it takes."""
    return Redis.from_url(url, retry=patience)
