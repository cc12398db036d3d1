"""Many changes of todos at once."""

from peewee import Database
from starlette.requests import Request
from starlette.responses import Response

from taskoverflow.errors import DatabaseUnavailable, TooManyTodos
from taskoverflow.store.todos import Todo, bulk, unknown
from taskoverflow.web.answers import BulkResult, BulkResults
from taskoverflow.web.idempotency import KEY_ERRORS, change_once
from taskoverflow.web.openapi.headers import IDEMPOTENCY_KEY
from taskoverflow.web.openapi.operation import Answer, Operation, describes, json_body
from taskoverflow.web.responses import JSONResponse
from taskoverflow.web.schemas.body import read_body
from taskoverflow.web.schemas.bulk import MAX_BULK_BODY, Bulk, store_operations


@describes(
    Operation(
        summary="Change many todos at once",
        description="All in one transaction, in this order; what is malformed is a 400 for all.",
        headers=(IDEMPOTENCY_KEY,),
        body=json_body(
            Bulk,
            {"operations": [{"op": "complete", "id": 1}, {"op": "create", "todo": {"title": "x"}}]},
        ),
        answers={
            200: Answer(
                description="A result for each operation",
                schema=BulkResults,
                headers=("Idempotent-Replayed",),
            ),
        },
        errors=(TooManyTodos, DatabaseUnavailable, *KEY_ERRORS),
    )
)
async def apply(request: Request) -> Response:
    """POST /todos/bulk: all in one transaction, with what came of each."""
    operations = store_operations(await read_body(request, Bulk, MAX_BULK_BODY))
    most = request.app.state.settings.max_todos

    def carry_out(database: Database) -> Response:
        found = bulk.apply(database, operations, most)
        results = [_result(one, todo) for one, todo in zip(operations, found, strict=True)]
        return JSONResponse(BulkResults(results))

    # The class beside its fields: a completion and a removal of the same todo have equal ones.
    asked = [(type(operation).__name__, operation) for operation in operations]
    return await change_once(request, asked, carry_out)


def _result(operation: bulk.Operation, todo: Todo | None) -> BulkResult:
    if todo is None:
        error = unknown()
        return BulkResult(status=404, error=error.message, code=error.code)
    return BulkResult(status=201 if isinstance(operation, bulk.Creation) else 200, todo=todo)
