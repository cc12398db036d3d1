"""One todo: the form that changes it."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from taskoverflow.errors import PreconditionFailed
from taskoverflow.store import todos
from taskoverflow.store.calls import call_store
from taskoverflow.store.todos import Todo
from taskoverflow.web.schemas.body import read_form
from taskoverflow.web.schemas.todos import read_todo_id
from taskoverflow.web.ui.forms import redirect_back, way_back
from taskoverflow.web.ui.templating import render
from taskoverflow.web.ui.todo_form import (
    FormError,
    TodoForm,
    changed_fields,
    filled_form,
    typed_form,
)
from taskoverflow.web.ui.viewer import in_zone, viewer_of


async def show(request: Request) -> Response:
    """GET /todos/{id}."""
    todo = await _find(request)
    form = filled_form(todo, viewer_of(request))
    return _page(request, todo, form, back=way_back(request.query_params))


async def change(request: Request) -> Response:
    """POST /todos/{id} (the form): 303, or 412 with what somebody else made of it meanwhile."""
    given = await read_form(request)
    todo, viewer = await _find(request), in_zone(viewer_of(request), given.get("zone"))
    back = way_back(given)
    try:
        fields = changed_fields(given, todo, viewer)
    except FormError as error:
        return _page(request, todo, typed_form(given, error), 400, back=back)
    known = [given.get("version", "")]
    try:
        await call_store(request.app.state.database, todos.update, todo.id, fields, known)
    except PreconditionFailed:
        theirs = await _find(request)
        return _page(request, theirs, typed_form(given), 412, back=back, theirs=theirs)
    return redirect_back(given)


async def _find(request: Request) -> Todo:
    """The todo of the path. Raises NotFound."""
    return await call_store(request.app.state.database, todos.get, read_todo_id(request))


def _page(
    request: Request,
    todo: Todo,
    form: TodoForm,
    status: int = 200,
    *,
    back: str,
    theirs: Todo | None = None,
) -> Response:
    context: dict[str, Any] = {
        "todo": todo,
        "form": form,
        "version": todo.version,
        "back": back,
        "theirs": theirs,
    }
    return render(request, "todo.html", context, status)
