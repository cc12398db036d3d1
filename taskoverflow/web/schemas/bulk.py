"""The body of POST /todos/bulk."""

from typing import Annotated

from msgspec import Meta, Struct

from taskoverflow.store.todos import LARGEST_ID
from taskoverflow.store.todos.bulk import Change, Creation, Operation, Removal
from taskoverflow.web.schemas.body import check_fields
from taskoverflow.web.schemas.todos import NewTodo, TodoChanges

# A thousand todos, each with a description of 10,000 letters, and what JSON adds. The longest
# there can be, of escaped emoji, would be 120 MiB, and more than a web process should hold.
MAX_BULK_BODY = 16 * 1024 * 1024  # bytes
MAX_OPERATIONS = 1000

TodoId = Annotated[int, Meta(ge=1, le=LARGEST_ID)]


class Complete(Struct, tag_field="op", tag="complete", forbid_unknown_fields=True):
    """Complete a todo."""

    id: TodoId


class Reopen(Struct, tag_field="op", tag="reopen", forbid_unknown_fields=True):
    """Reopen a completed todo."""

    id: TodoId


class Delete(Struct, tag_field="op", tag="delete", forbid_unknown_fields=True):
    """Delete a todo."""

    id: TodoId


class Create(Struct, tag_field="op", tag="create", forbid_unknown_fields=True):
    """Store a new todo."""

    todo: NewTodo


class Update(Struct, tag_field="op", tag="update", forbid_unknown_fields=True):
    """Change what is given of a todo."""

    id: TodoId
    todo: TodoChanges


BulkOperation = Complete | Reopen | Delete | Create | Update


class Bulk(Struct, forbid_unknown_fields=True):
    """What is to be done, in this order."""

    operations: Annotated[list[BulkOperation], Meta(min_length=1, max_length=MAX_OPERATIONS)]


def store_operations(bulk: Bulk) -> list[Operation]:
    """The operations in the words of the store. Raises InvalidInput, naming the one at fault."""
    return [_store_operation(one, number) for number, one in enumerate(bulk.operations)]


def _store_operation(asked: BulkOperation, number: int) -> Operation:
    path = f"operations[{number}].todo."
    match asked:
        case Complete() | Reopen():
            return Change(asked.id, {"completed": isinstance(asked, Complete)})
        case Delete():
            return Removal(asked.id)
        case Create():
            return Creation(check_fields(asked.todo, path))
        case Update():
            return Change(asked.id, check_fields(asked.todo, path))
