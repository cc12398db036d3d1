"""The whole URL table."""

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from taskoverflow.tokens import Scope
from taskoverflow.web import feed, metrics
from taskoverflow.web.access.gate import Handler, admitting
from taskoverflow.web.api import (
    calendars,
    health,
    ical,
    jobs,
    todos,
    todos_bulk,
    todos_export,
    todos_import,
)
from taskoverflow.web.openapi import page as openapi_page
from taskoverflow.web.resource import Resource
from taskoverflow.web.ui import (
    assets,
    docs_page,
    exports_page,
    list_page,
    login_page,
    month_page,
    theme,
    todo_page,
)
from taskoverflow.web.ui.error_page import page

API = "/api/v1"

# HTML compresses to a fifth. Files are compressed once (assets), and calendars as they are stored.
COMPRESSED = [Middleware(GZipMiddleware, compresslevel=4)]


def resource(
    path: str,
    *,
    name: str | None = None,
    public: bool = False,
    needs: Scope | None = None,
    **handlers: Handler,
) -> Resource:
    """One route for all methods of a path.

    It needs a token that may read, or write if the method changes something; or one of the scope
    `needs`; or, if it is `public`, none.
    """
    if not public:
        handlers = {method: admitting(handler, needs) for method, handler in handlers.items()}
    return Resource(path, handlers, name=name, public=public, needs=needs)


def pages(path: str, *, public: bool = False, **handlers: Handler) -> Resource:
    """The same for people: its answers, errors too, are HTML."""
    if not public:
        handlers = {method: admitting(handler) for method, handler in handlers.items()}
    shown = {method: page(handler) for method, handler in handlers.items()}
    return Resource(path, shown, public=public, middleware=COMPRESSED)


def routes() -> list[Resource]:
    """What is served where.

    Starlette tries one after the other, at 1.4 µs each: what is asked most comes first.
    """
    return [
        resource(f"{API}/todos", get=todos.index, post=todos.create),
        resource(f"{API}/todos/ical", post=ical.submit),
        resource(f"{API}/todos/bulk", post=todos_bulk.apply),
        resource(f"{API}/todos/import", post=todos_import.submit),
        resource(
            f"{API}/todos/{{todo_id}}",
            get=todos.show,
            put=todos.update,
            patch=todos.update,
            delete=todos.delete,
        ),
        resource(f"{API}/todos/ical/{{task_id}}/status", get=ical.status, name="ical-status"),
        resource(f"{API}/health", get=health.show, public=True),
        resource(f"{API}/todos.csv", get=todos_export.as_csv),
        resource(f"{API}/todos.ndjson", get=todos_export.as_ndjson),
        resource(f"{API}/todos/ical/{{task_id}}/result", get=ical.result, name="ical-result"),
        resource(
            f"{API}/todos/import/{{task_id}}/report",
            get=todos_import.report,
            name="import-report",
        ),
        resource(f"{API}/calendars", get=calendars.index, post=calendars.create),
        resource(f"{API}/calendars/{{feed_id}}", get=calendars.show, delete=calendars.delete),
        resource(f"{API}/calendars/{{feed_id}}/rotate", post=calendars.rotate),
        resource(f"{API}/jobs", get=jobs.index),
        resource(f"{API}/jobs/{{job_id}}", get=jobs.show, delete=jobs.cancel, name="job"),
        resource(f"{API}/jobs/{{job_id}}/retry", post=jobs.retry),
        resource(f"{API}/jobs/{{job_id}}/events", get=jobs.events, name="job-events"),
        pages("/", get=list_page.show, post=list_page.add),
        pages("/todos", post=list_page.act),
        pages("/todos/{todo_id}", get=todo_page.show, post=todo_page.change),
        pages("/month", get=month_page.show),
        pages("/exports", get=exports_page.show, post=exports_page.act),
        pages("/imports", post=exports_page.take_in),
        pages("/subscriptions", post=exports_page.subscribe_or_revoke),
        pages("/docs", get=docs_page.show, public=True),
        pages("/docs/errors/{code}", get=docs_page.error, public=True),
        pages("/theme", post=theme.change, public=True),
        pages("/login", get=login_page.show, post=login_page.log_in, public=True),
        pages("/logout", post=login_page.log_out, public=True),
        resource("/static/{version}/{name}", get=assets.show, public=True),
        resource("/calendars/{token}/todos.ics", get=feed.show, name="feed", public=True),
        resource("/livez", get=health.show, public=True),
        resource("/readyz", get=health.ready, public=True),
        resource("/openapi.json", get=openapi_page.show, public=True),
        resource("/metrics", get=metrics.show, needs=Scope.ADMIN),
    ]
