"""Which server `--url` means."""

import re

from taskoverflow.queue_lab.queues import Backend, QueueLabError
from taskoverflow.settings import REDIS_URL_PATTERN, Settings

SQS = "sqs:"


def choose_url(url: str | None, settings: Settings) -> str:
    """What was given; else SQS if AWS is configured; else the Redis of the settings."""
    return url or (SQS if _aws_is_configured() else settings.redis_url)


def connect(url: str) -> Backend:
    """The server at this URL. Raises QueueLabError for one that is none."""
    if url == SQS:
        return _sqs()
    if not re.match(REDIS_URL_PATTERN, url):
        raise QueueLabError("--url must be sqs: or begin with redis://, rediss:// or unix://.")
    from taskoverflow.queue_lab.on_redis.server import RedisQueues

    return RedisQueues(url)


def _sqs() -> Backend:
    try:
        from taskoverflow.queue_lab.on_sqs.account import SqsQueues
    except ImportError as error:
        raise QueueLabError(
            "SQS needs boto3; install it (pip install 'taskoverflow[sqs]')."
        ) from error
    return SqsQueues()


def _aws_is_configured() -> bool:
    try:
        from taskoverflow.queue_lab.on_sqs.account import is_configured
    except ImportError:
        return False
    return is_configured()
