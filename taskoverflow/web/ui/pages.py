"""The list of todos, the form that adds one, and the page of an export."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.templating import Jinja2Templates

from taskoverflow.errors import InvalidInput
from taskoverflow.store import todos
from taskoverflow.web.api.ical import find_job, submit_calendar
from taskoverflow.web.schemas.body import check_fields, read_form
from taskoverflow.web.schemas.todos import NewTodo

SHOWN = 200  # todos on the page

templates = Jinja2Templates(directory=Path(__file__).parent / "templates")


async def index(request: Request) -> Response:
    """GET /."""
    return await _render_list(request)


async def add(request: Request) -> Response:
    """POST / (the form): add a todo, or show the form again with what is wrong."""
    given = await read_form(request)
    try:
        fields = check_fields(msgspec.convert(given, NewTodo))
    except msgspec.ValidationError:
        return await _render_list(request, given, "A todo needs a title of 1 to 255 characters.")
    except InvalidInput as error:
        return await _render_list(request, given, error.message)
    await run_in_threadpool(todos.create, request.app.state.database, fields)
    return RedirectResponse(request.url_for("index").path, status_code=303)


async def export(request: Request) -> Response:
    """POST /exports (the button): start a calendar and show how it gets on."""
    task_id = await submit_calendar(request, {"completed": None, "window": None})
    return RedirectResponse(request.url_for("export", task_id=task_id).path, status_code=303)


async def show_export(request: Request) -> Response:
    """GET /exports/{task_id}: reloads itself until the job has ended."""
    return templates.TemplateResponse(request, "export.html", {"job": await find_job(request)})


async def _render_list(
    request: Request, given: dict[str, str] | None = None, error: str = ""
) -> Response:
    shown = await run_in_threadpool(todos.find, request.app.state.database, todos.Filter(), SHOWN)
    context = {
        "todos": shown,
        "full": len(shown) == SHOWN,
        "given": given or {},
        "error": error,
        "now": datetime.now(UTC).replace(tzinfo=None),
    }
    return templates.TemplateResponse(
        request, "index.html", context, status_code=400 if error else 200
    )
