"""The composition root: from settings to an ASGI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio.to_thread import current_default_thread_limiter
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp

from taskoverflow.errors import TaskOverflowError
from taskoverflow.jobqueue import JobQueue
from taskoverflow.settings import Settings, listed
from taskoverflow.store.calls import answer_within
from taskoverflow.store.database import close_idle, open_database
from taskoverflow.web.access.hosts import TrustedHosts
from taskoverflow.web.access.same_origin import SameOrigin
from taskoverflow.web.access.security_headers import SecurityHeaders
from taskoverflow.web.job_watch import JobWatch
from taskoverflow.web.limits.body_deadline import BodyDeadline
from taskoverflow.web.limits.rate import FailedSignIns, RateLimit, RequestRate
from taskoverflow.web.queue_metrics import publishing
from taskoverflow.web.request_log import RequestLog, answer_nobody
from taskoverflow.web.responses import render_error
from taskoverflow.web.routes import routes
from taskoverflow.web.totals import Totals
from taskoverflow.web.ui.error_page import render_unrouted

CORS_HEADERS = [
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Prefer",
]
DATABASE_TIMEOUT = 1.5  # seconds without a word from it, and the answer is 503


def create_app(settings: Settings) -> Starlette:
    """The application. Connects to nothing until a request needs it."""
    answer_within(DATABASE_TIMEOUT)
    database = open_database(settings.database_url, connections=settings.threads)
    queue = JobQueue(settings)
    rate = RequestRate(settings)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:  # noqa: ARG001
        # A store call takes a thread and a connection: as many of the one as of the other.
        current_default_thread_limiter().total_tokens = settings.threads
        async with publishing(queue, settings.queue_metrics):
            yield
        await rate.close()
        queue.close()
        close_idle(database)

    app = Starlette(
        routes=routes(),
        exception_handlers={
            HTTPException: render_unrouted,
            TaskOverflowError: render_error,
            ClientDisconnect: answer_nobody,
            Exception: render_error,
        },
        lifespan=lifespan,
    )
    app.state.settings = settings
    app.state.tokens = settings.tokens
    app.state.failed_sign_ins = FailedSignIns()
    app.state.session_signer = None
    app.state.openapi = None
    app.state.database = database
    app.state.queue = queue
    app.state.totals = Totals()
    app.state.metrics_dir = settings.metrics_dir
    app.state.job_watch = JobWatch(queue, settings.max_watchers)
    # A redirect would be built from the Host header, which a client may forge.
    app.router.redirect_slashes = False
    # Not by add_middleware, which puts it inside of what answers uncaught errors.
    app.middleware_stack = _guarded(app.build_middleware_stack(), settings, rate)
    return app


def _guarded(inner: ASGIApp, settings: Settings, rate: RequestRate) -> ASGIApp:
    """The application behind what looks at every request before it, the last one first."""
    origins = listed(settings.cors_origins)
    guarded: ASGIApp = SameOrigin(inner, origins)
    if origins:
        guarded = CORSMiddleware(
            guarded,
            allow_origins=origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=CORS_HEADERS,
            expose_headers=["ETag", "Link", "Location", "Retry-After", "X-Request-ID"],
        )
    if settings.rate_limit:
        guarded = RateLimit(guarded, rate)
    if settings.body_timeout:
        guarded = BodyDeadline(guarded, settings.body_timeout)
    https = settings.public_url.startswith("https:")
    return RequestLog(SecurityHeaders(TrustedHosts(guarded, settings), https=https))
