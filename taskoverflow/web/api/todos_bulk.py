"""Many changes of todos at once."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from taskoverflow.store.todos import Todo, bulk, unknown
from taskoverflow.store.todos.bulk import Creation, Operation
from taskoverflow.web.responses import JSONResponse
from taskoverflow.web.schemas.body import read_body
from taskoverflow.web.schemas.bulk import MAX_BULK_BODY, Bulk, store_operations


async def apply(request: Request) -> Response:
    """POST /todos/bulk: all in one transaction, with what came of each."""
    operations = store_operations(await read_body(request, Bulk, MAX_BULK_BODY))
    state = request.app.state
    found = await run_in_threadpool(
        bulk.apply, state.database, operations, state.settings.max_todos
    )
    results = [_result(one, todo) for one, todo in zip(operations, found, strict=True)]
    return JSONResponse({"results": results})


def _result(operation: Operation, todo: Todo | None) -> dict[str, Any]:
    if todo is None:
        error = unknown()
        return {"status": error.status, "error": error.message, "code": error.code}
    return {"status": 201 if isinstance(operation, Creation) else 200, "todo": todo}
