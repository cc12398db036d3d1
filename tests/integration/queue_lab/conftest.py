"""Servers of both kinds: Redis, and an SQS that moto plays."""

import logging
import os
from collections.abc import Iterator

import httpx
import pytest
from moto.server import ThreadedMotoServer

from taskoverflow.queue_lab.connect import connect
from taskoverflow.queue_lab.on_redis.server import RedisQueues
from taskoverflow.queue_lab.queues import Backend


@pytest.fixture(params=["redis", "sqs"])
def url(request: pytest.FixtureRequest) -> str:
    """A server of each kind in turn, without a queue."""
    if request.param == "redis":
        redis_url: str = request.getfixturevalue("redis_url")
        return redis_url
    request.getfixturevalue("sqs")
    return "sqs:"


@pytest.fixture
def backend(url: str) -> Backend:
    """The queues of that server."""
    return connect(url)


@pytest.fixture
def redis(redis_url: str) -> RedisQueues:
    """The queues of a Redis, for what only Redis shows."""
    return RedisQueues(redis_url)


@pytest.fixture(scope="session")
def moto_server() -> Iterator[str]:
    """The address of what plays AWS for all tests; `sqs` empties it."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide what this machine knows of AWS, and never ask for an instance's role."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)


@pytest.fixture
def sqs(moto_server: str, no_aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """An SQS without a queue, which AWS's settings lead to."""
    httpx.post(f"{moto_server}/moto-api/reset").raise_for_status()
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "key")
