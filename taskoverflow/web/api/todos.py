"""Todos over HTTP: parse, call the store, answer."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from taskoverflow.errors import NotFound
from taskoverflow.store import todos
from taskoverflow.web.responses import JSONResponse
from taskoverflow.web.schemas.body import read_fields
from taskoverflow.web.schemas.todos import NewTodo, TodoChanges, read_filter, read_todo_id


async def index(request: Request) -> Response:
    """GET /todos."""
    which = read_filter(request)
    return JSONResponse(await run_in_threadpool(todos.find, request.app.state.database, which))


async def create(request: Request) -> Response:
    """POST /todos."""
    fields = await read_fields(request, NewTodo)
    todo = await run_in_threadpool(todos.create, request.app.state.database, fields)
    return JSONResponse(todo, status_code=201)


async def show(request: Request) -> Response:
    """GET /todos/{id}."""
    todo_id = read_todo_id(request)
    return JSONResponse(await run_in_threadpool(todos.get, request.app.state.database, todo_id))


async def update(request: Request) -> Response:
    """PUT /todos/{id}."""
    todo_id = read_todo_id(request)
    fields = await read_fields(request, TodoChanges)
    todo = await run_in_threadpool(todos.update, request.app.state.database, todo_id, fields)
    return JSONResponse(todo)


async def delete(request: Request) -> Response:
    """DELETE /todos/{id}: deleting what is not there is a success with nothing to show."""
    try:
        todo_id = read_todo_id(request)
    except NotFound:
        return JSONResponse({})
    deleted = await run_in_threadpool(todos.delete, request.app.state.database, todo_id)
    return JSONResponse(deleted or {})
