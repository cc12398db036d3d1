"""The whole URL table."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from taskoverflow.web import feed, metrics
from taskoverflow.web.api import calendars, health, ical, jobs, todos, todos_bulk, todos_export
from taskoverflow.web.ui import pages

Handler = Callable[[Request], Awaitable[Response]]

API = "/api/v1"
STATIC = Path(__file__).parent / "ui" / "static"


def resource(path: str, *, name: str | None = None, **handlers: Handler) -> Route:
    """One route for all methods of a path, so that a 405 names them all in Allow."""

    async def dispatch(request: Request) -> Response:
        request.state.route = path  # for the metrics
        method = "get" if request.method == "HEAD" else request.method.lower()
        return await handlers[method](request)

    return Route(path, dispatch, methods=[method.upper() for method in handlers], name=name)


def routes() -> list[BaseRoute]:
    """What is served where."""
    return [
        resource("/", get=pages.index, post=pages.add, name="index"),
        resource("/exports", post=pages.export),
        resource("/exports/{task_id}", get=pages.show_export, name="export"),
        Mount("/static", StaticFiles(directory=STATIC), name="static"),
        resource("/calendars/{token}/todos.ics", get=feed.show, name="feed"),
        resource("/livez", get=health.show),
        resource("/readyz", get=health.ready),
        resource("/metrics", get=metrics.show),
        resource(f"{API}/health", get=health.show),
        resource(f"{API}/todos", get=todos.index, post=todos.create),
        resource(f"{API}/todos/bulk", post=todos_bulk.apply),
        resource(f"{API}/todos.csv", get=todos_export.as_csv),
        resource(f"{API}/todos.ndjson", get=todos_export.as_ndjson),
        resource(f"{API}/todos/ical", post=ical.submit),
        resource(f"{API}/todos/ical/{{task_id}}/status", get=ical.status, name="ical-status"),
        resource(f"{API}/todos/ical/{{task_id}}/result", get=ical.result, name="ical-result"),
        resource(f"{API}/calendars", get=calendars.index, post=calendars.create),
        resource(f"{API}/calendars/{{feed_id}}", get=calendars.show, delete=calendars.delete),
        resource(f"{API}/calendars/{{feed_id}}/rotate", post=calendars.rotate),
        resource(f"{API}/jobs", get=jobs.index),
        resource(f"{API}/jobs/{{job_id}}", get=jobs.show, delete=jobs.cancel, name="job"),
        resource(f"{API}/jobs/{{job_id}}/retry", post=jobs.retry),
        resource(f"{API}/jobs/{{job_id}}/events", get=jobs.events, name="job-events"),
        resource(
            f"{API}/todos/{{todo_id}}",
            get=todos.show,
            put=todos.update,
            patch=todos.update,
            delete=todos.delete,
        ),
    ]
