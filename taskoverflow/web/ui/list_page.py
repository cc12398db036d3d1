"""The list: show it, add to it, and do something with some of its todos."""

import re
from contextlib import suppress
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from peewee import Database
from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from taskoverflow.errors import NotFound
from taskoverflow.store import todos
from taskoverflow.store.calls import call_store
from taskoverflow.store.todos import Page, Position, Todo, bulk
from taskoverflow.store.todos.bulk import Change, Operation, Removal
from taskoverflow.web.schemas.body import read_form
from taskoverflow.web.ui.dates import group_of, long_day
from taskoverflow.web.ui.forms import redirect_back, way_back
from taskoverflow.web.ui.list_query import MOST, PAGE, SORTS, STATES, ListQuery, read_list_query
from taskoverflow.web.ui.messages import message
from taskoverflow.web.ui.templating import render, utc_now
from taskoverflow.web.ui.todo_form import FormError, TodoForm, read_fields, typed_form
from taskoverflow.web.ui.viewer import Viewer, in_zone, viewer_of

DUE_CHOICES = {1, 3, 7, 14, 30, 90}  # days
TODO_ID = re.compile(r"[0-9]{1,18}", re.ASCII)


async def show(request: Request) -> Response:
    """GET /."""
    return await _list(request, TodoForm(date=str(read_list_query(request).day or "")))


async def add(request: Request) -> Response:
    """POST / (the form): add a todo, or show the form again with what is wrong."""
    given = await read_form(request)
    try:
        fields = read_fields(given, in_zone(viewer_of(request), given.get("zone")))
    except FormError as error:
        return await _list(request, typed_form(given, error), 400)
    state = request.app.state
    await call_store(state.database, todos.create, fields, state.settings.max_todos)
    return RedirectResponse(read_list_query(request).url(), status_code=303)


async def act(request: Request) -> Response:
    """POST /todos (the buttons): complete, reopen or delete one todo, or those selected."""
    given = await read_form(request)
    database = request.app.state.database
    action, ids = _meant(given)
    if action == "delete":
        doomed = await call_store(database, _those, ids)
        context = {"doomed": doomed, "back": way_back(given)}
        return render(request, "confirm.html", context) if doomed else redirect_back(given)
    if action in ("complete", "reopen", "delete-now"):
        operations = [_operation(action, todo_id) for todo_id in ids]
        await call_store(database, bulk.apply, operations)
    return redirect_back(given)


def _meant(given: ImmutableMultiDict[str, str]) -> tuple[str, list[int]]:
    """What a button means to do, and with which todos: its own, or the selected ones."""
    for action in ("complete", "reopen", "delete"):
        if action in given:
            return action, _ids(given.getlist(action))
    return given.get("bulk", ""), _ids(given.getlist("id"))


def _ids(texts: list[str]) -> list[int]:
    return [int(text) for text in texts[:MOST] if TODO_ID.fullmatch(text)]


async def _list(request: Request, form: TodoForm, status: int = 200) -> Response:
    query, viewer, now = read_list_query(request), viewer_of(request), utc_now()
    page, total = await call_store(request.app.state.database, _find, query, viewer, now)
    here = query.url()
    context = {
        "query": query,
        "heading": _heading(query),
        "form": form,
        "groups": _groups(page.todos, query, viewer, now),
        "total": total,
        "more": _more(query, page.next),
        "back": f"?{urlencode({'back': here})}" if here != "/" else "",
        "states": STATES,
        "sorts": SORTS,
        "due_choices": sorted(DUE_CHOICES | ({query.days} if query.days else set())),
    }
    return render(request, "list.html", context, status)


def _heading(query: ListQuery) -> str:
    if query.day:
        return message("list.day_title", day=long_day(query.day))
    return message("list.title")


def _groups(
    found: list[Todo], query: ListQuery, viewer: Viewer, now: datetime
) -> list[tuple[str, list[Todo]]]:
    """The todos under their headings; under none when they are not in the order of deadlines."""
    if query.sort != "deadline" or query.day:
        return [("", found)] if found else []
    groups = groupby(found, lambda todo: group_of(todo.deadline_at, now, viewer))
    return [(group, list(members)) for group, members in groups]


def _more(query: ListQuery, rest: Position | None) -> dict[str, Any] | None:
    """Where the todos go on: on a longer page, or, behind the longest, on another."""
    if rest is None:
        return None
    if query.shown < MOST:
        return {"appends": True, "url": query.url(shown=query.shown + PAGE)}
    return {"appends": False, "url": query.url_after(rest), "count": PAGE}


def _find(database: Database, query: ListQuery, viewer: Viewer, now: datetime) -> tuple[Page, int]:
    """The todos shown, and how many there are of them in all."""
    which = query.filter(now, viewer)
    page = todos.page(database, which, query.shown, query.order, query.position)
    whole = page.next is None and not query.after
    return page, len(page.todos) if whole else todos.count(database, which)


def _those(database: Database, ids: list[int]) -> list[Todo]:
    """The todos of these ids that are there."""
    found = []
    for todo_id in ids:
        with suppress(NotFound):
            found.append(todos.get(database, todo_id))
    return found


def _operation(action: str, todo_id: int) -> Operation:
    if action == "delete-now":
        return Removal(todo_id)
    return Change(todo_id, {"completed": action == "complete"})
