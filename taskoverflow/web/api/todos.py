"""Todos over HTTP: parse, call the store, answer."""

from functools import partial
from urllib.parse import urlencode

from peewee import Database
from starlette.requests import Request
from starlette.responses import Response

from taskoverflow.errors import DatabaseUnavailable, NotFound, PreconditionFailed, TooManyTodos
from taskoverflow.store import todos
from taskoverflow.store.calls import call_store
from taskoverflow.store.database import reading
from taskoverflow.store.todos import Position, Todo
from taskoverflow.web.answers import Nothing
from taskoverflow.web.conditional import (
    ASK_FIRST,
    etag_of,
    expected_versions,
    not_modified,
    todo_response,
)
from taskoverflow.web.idempotency import KEY_ERRORS, change_once
from taskoverflow.web.openapi.headers import IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH
from taskoverflow.web.openapi.operation import Answer, Operation, describes, json_body
from taskoverflow.web.responses import JSONResponse
from taskoverflow.web.schemas.body import read_fields
from taskoverflow.web.schemas.cursor import write_cursor
from taskoverflow.web.schemas.query import read_query
from taskoverflow.web.schemas.todos import NewTodo, TodoChanges, TodoListQuery, read_todo_id

EXAMPLE = {"title": "Watch the lecture", "deadline_at": "2026-12-01T18:00:00"}
TODO_HEADERS = ("ETag", "Cache-Control")
KNOWN = Answer(description="The client has it", headers=TODO_HEADERS)


@describes(
    Operation(
        summary="List todos",
        query=TodoListQuery,
        headers=(IF_NONE_MATCH,),
        answers={
            200: Answer(
                description="A page of them",
                schema=list[Todo],
                headers=("ETag", "Cache-Control", "X-Total-Count", "Link"),
            ),
            304: KNOWN,
        },
        errors=(DatabaseUnavailable,),
    )
)
async def index(request: Request) -> Response:
    """GET /todos: a page of them, 304 when the client has it, and in Link where the next one is."""
    query = read_query(request, TodoListQuery)
    after = query.after
    return await call_store(request.app.state.database, _list, request, query, after)


@describes(
    Operation(
        summary="Store a new todo",
        headers=(IDEMPOTENCY_KEY,),
        body=json_body(NewTodo, EXAMPLE),
        answers={
            201: Answer(
                description="The todo", schema=Todo, headers=(*TODO_HEADERS, "Idempotent-Replayed")
            ),
        },
        errors=(TooManyTodos, DatabaseUnavailable, *KEY_ERRORS),
    )
)
async def create(request: Request) -> Response:
    """POST /todos."""
    fields = await read_fields(request, NewTodo)
    most = request.app.state.settings.max_todos

    def store(database: Database) -> Response:
        todo = todos.create(database, fields, most)
        return todo_response(request, todo, 201)

    return await change_once(request, fields, store)


@describes(
    Operation(
        summary="Look at a todo",
        headers=(IF_NONE_MATCH,),
        answers={
            200: Answer(description="The todo", schema=Todo, headers=TODO_HEADERS),
            304: KNOWN,
        },
        errors=(NotFound, DatabaseUnavailable),
    )
)
async def show(request: Request) -> Response:
    """GET /todos/{id}."""
    todo_id = read_todo_id(request)
    todo = await call_store(request.app.state.database, todos.get, todo_id)
    return todo_response(request, todo)


@describes(
    Operation(
        summary="Change a todo",
        description="Only what is given changes, with PUT too.",
        headers=(IF_MATCH,),
        body=json_body(TodoChanges, {"completed": True}),
        answers={200: Answer(description="The todo", schema=Todo, headers=TODO_HEADERS)},
        errors=(NotFound, PreconditionFailed, DatabaseUnavailable),
    )
)
async def update(request: Request) -> Response:
    """PUT and PATCH /todos/{id}; with If-Match only a todo that is as the client knows it."""
    todo_id = read_todo_id(request)
    fields = await read_fields(request, TodoChanges)
    todo = await call_store(
        request.app.state.database, todos.update, todo_id, fields, expected_versions(request)
    )
    return todo_response(request, todo)


@describes(
    Operation(
        summary="Delete a todo",
        headers=(IF_MATCH,),
        answers={200: Answer(description="What was deleted, or {}", schema=(Todo, Nothing))},
        errors=(PreconditionFailed, DatabaseUnavailable),
    )
)
async def delete(request: Request) -> Response:
    """DELETE /todos/{id}: deleting what is not there is a success with nothing to show."""
    try:
        todo_id = read_todo_id(request)
    except NotFound:
        return JSONResponse(Nothing())
    deleted = await call_store(
        request.app.state.database, todos.delete, todo_id, expected_versions(request)
    )
    return JSONResponse(deleted or Nothing())


def _list(
    database: Database, request: Request, query: TodoListQuery, after: Position | None
) -> Response:
    which = query.filter
    with reading(database):  # all of it on one connection
        if "if-none-match" in request.headers:
            etag = etag_of(todos.version(database, which), query)
            if known := not_modified(request, etag):
                return known
        version, page = todos.versioned_page(database, which, query.limit, query.order, after)
        etag = etag_of(version, query)
        whole = after is None and page.next is None
        count = partial(len, page.todos) if whole else partial(todos.count, database, which)
        total = request.app.state.totals.get(version, which, count)
    headers = {"ETag": etag, "Cache-Control": ASK_FIRST, "X-Total-Count": str(total)}
    if page.next is not None:
        # Without the host, which a client may forge (RFC 8288, section 3.1: a reference will do).
        headers["Link"] = f'<{_next_url(request, write_cursor(page.next, query.sort))}>; rel="next"'
    return JSONResponse(page.todos, headers=headers)


def _next_url(request: Request, cursor: str) -> str:
    given = [item for item in request.query_params.multi_items() if item[0] != "cursor"]
    return f"{request.scope['path']}?{urlencode([*given, ('cursor', cursor)])}"
