"""How many requests a client may send in a minute, all web processes together."""

import logging
import math
import time
from typing import cast

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.storage.redis.redispy import RedispyBridge
from limits.aio.strategies import FixedWindowRateLimiter, SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from msgspec import Struct
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from taskoverflow.errors import TooManyRequests
from taskoverflow.settings import Settings
from taskoverflow.web.access.hosts import PROBES
from taskoverflow.web.limits.client import address_of, client_of
from taskoverflow.web.responses import render_error

REDIS_TIMEOUT = 0.25  # seconds: a count is not worth a wait
FAIL_FAST = 1.0  # seconds without a question after one that was not answered
FAILED_SIGN_INS = RateLimitItemPerMinute(20, namespace="sign-in")
WINDOW = 60  # seconds

logger = logging.getLogger(__name__)


class Allowance(Struct, frozen=True):
    """What is left of a limit; `reset` is in seconds."""

    admitted: bool
    limit: int
    remaining: int
    reset: int

    @property
    def headers(self) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers-10 has it."""
        return {
            "RateLimit-Policy": f'"requests";q={self.limit};w={WINDOW}',
            "RateLimit": f'"requests";r={self.remaining};t={self.reset}',
        }


class RequestRate:
    """Counts in Redis. While that is away nobody counts: what needs Redis fails by itself."""

    def __init__(self, settings: Settings) -> None:
        self.item = RateLimitItemPerMinute(settings.rate_limit, namespace="requests")
        self._storage = _redis_storage(settings)
        self._limiter = SlidingWindowCounterRateLimiter(self._storage)
        self._failed_at = float("-inf")

    async def close(self) -> None:
        """Close the connections."""
        await cast(RedispyBridge, self._storage.bridge).storage.aclose()

    async def count(self, client: str) -> Allowance | None:
        """Count a request; None: it could not be."""
        if time.monotonic() - self._failed_at < FAIL_FAST:
            return None
        try:
            admitted = await self._limiter.hit(self.item, client)
            window = await self._limiter.get_window_stats(self.item, client)
        except StorageError as error:
            self._failed_at = time.monotonic()
            logger.warning("requests are not counted: %s", error.storage_error)
            return None
        reset = max(1, math.ceil(window.reset_time - time.time()))
        return Allowance(admitted, self.item.amount, window.remaining, reset)


class RateLimit:
    """ASGI middleware: tells each client what it has left, and refuses what is over it."""

    def __init__(self, app: ASGIApp, rate: RequestRate) -> None:
        self.app = app
        self.rate = rate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the request, and pass it on or refuse it. Probes and our own files are free."""
        free = scope["type"] != "http" or scope["path"] in PROBES
        if free or scope["path"].startswith("/static/"):
            await self.app(scope, receive, send)
            return
        allowance = await self.rate.count(client_of(HTTPConnection(scope)))
        if allowance is None:
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(allowance.headers)
            await send(message)

        if allowance.admitted:
            await self.app(scope, receive, send_with_headers)
        else:
            error = TooManyRequests("Too many requests.", retry_after=allowance.reset)
            await render_error(Request(scope), error)(scope, receive, send_with_headers)


class FailedSignIns:
    """Turns away who tries tokens, by address. Kept in this process: it needs no Redis.

    A token that is known is let in from there all the same: its owner may share the address, and
    256 random bits are not to be guessed.
    """

    def __init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    async def note(self, connection: HTTPConnection) -> None:
        """Count a failure, and log it without what was tried.

        Raises TooManyRequests for an address that has failed too often of late.
        """
        address = address_of(connection)
        if not await self._limiter.hit(FAILED_SIGN_INS, address):
            raise TooManyRequests("Too many tokens that are not known here.", retry_after=WINDOW)
        logger.warning("a token that is not known was sent from %s", address)


def _redis_storage(settings: Settings) -> RedisStorage:
    return RedisStorage(
        "async+" + settings.redis_url.replace("unix://", "redis+unix://", 1),
        implementation="redispy",
        wrap_exceptions=True,
        key_prefix=f"taskoverflow:limits:{settings.queue}",
        socket_timeout=REDIS_TIMEOUT,
        socket_connect_timeout=REDIS_TIMEOUT,
    )
