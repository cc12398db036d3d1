"""The tables, as Peewee models. Nothing of these leaves the store."""

from datetime import UTC, datetime

from peewee import (
    BigAutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    CharField,
    CompositeKey,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)


def utc_now() -> datetime:
    """This moment as the store keeps times: UTC, without an offset."""
    return datetime.now(UTC).replace(tzinfo=None)


class Todo(Model):
    """Indexes: see the first and the fourth migration, which have one for each query of the API.

    `words` and `title_key` are what it is found by and sorted by: see todos/search.py.

    Of a todo that came from a file: its `uid` there, and when the copy that was taken had been
    changed last (`modified_at`), unless the todo has been changed here since.
    """

    id = BigAutoField()
    title = CharField(max_length=255)
    description = TextField(null=True)
    completed = BooleanField(default=False)
    deadline_at = DateTimeField(null=True)
    created_at = DateTimeField(default=utc_now)
    updated_at = DateTimeField(default=utc_now)
    sequence = IntegerField(default=0)
    completed_at = DateTimeField(null=True)
    words = TextField(default="")
    title_key = CharField(max_length=255, default="")
    uid = CharField(max_length=255, null=True)
    modified_at = DateTimeField(null=True)


class Calendar(Model):
    """A generated calendar, compressed with gzip and cut into chunks."""

    id = CharField(max_length=32, primary_key=True)
    etag = CharField(max_length=64)
    events = IntegerField()
    size = BigIntegerField()  # bytes, uncompressed
    gzip_size = BigIntegerField()  # bytes, as stored
    created_at = DateTimeField(default=utc_now)
    expires_at = DateTimeField()


class CalendarChunk(Model):
    """A piece of a calendar's gzip stream."""

    calendar = ForeignKeyField(Calendar, on_delete="CASCADE")
    position = IntegerField()
    data = BlobField()

    class Meta:
        table_name = "calendar_chunk"
        primary_key = CompositeKey("calendar", "position")


class TodoImport(Model):
    """A file of todos: how many of its items are `done`, and what with (JSON)."""

    id = CharField(max_length=32, primary_key=True)
    done = IntegerField(default=0)
    counts = TextField(default="{}")
    finished = BooleanField(default=False)
    created_at = DateTimeField(default=utc_now)
    expires_at = DateTimeField()

    class Meta:
        table_name = "todo_import"


class TodoImportChunk(Model):
    """A piece of a file to import, until that is finished."""

    todo_import = ForeignKeyField(TodoImport, on_delete="CASCADE")
    position = IntegerField()
    data = BlobField()

    class Meta:
        table_name = "todo_import_chunk"
        primary_key = CompositeKey("todo_import", "position")


class TodoImportReport(Model):
    """What became of some items, from a position in the file on: a line of JSON for each."""

    todo_import = ForeignKeyField(TodoImport, on_delete="CASCADE")
    position = IntegerField()
    lines = TextField()

    class Meta:
        table_name = "todo_import_report"
        primary_key = CompositeKey("todo_import", "position")


class Instance(Model):
    """One row: who this installation is, for UIDs that are unique in the world. `session_key`
    signs the sessions of browsers."""

    uuid = CharField(max_length=36, primary_key=True)
    session_key = CharField(max_length=64)


class RevisionSlot(Model):
    """A part of the revision and of the number of todos: see revision.py."""

    slot = IntegerField(primary_key=True)
    changes = BigIntegerField()
    todos = BigIntegerField(default=0)

    class Meta:
        table_name = "revision_slot"


class Feed(Model):
    """A subscription. Of its address only a hash is kept."""

    id = BigAutoField()
    name = CharField(max_length=255)
    token_hash = CharField(max_length=64, unique=True)
    options = TextField()
    calendar = CharField(max_length=32, null=True)
    revision = BigIntegerField(default=-1)
    built_at = DateTimeField(null=True)
    created_at = DateTimeField(default=utc_now)
    fetched_at = DateTimeField(null=True)


class IdempotencyKey(Model):
    """A request that may come again: a claim on its answer, and once there is one (`status`) that.
    `id` is a hash of the client and its key. See idempotency.py."""

    id = CharField(max_length=64, primary_key=True)
    fingerprint = CharField(max_length=64)
    claim = CharField(max_length=32)
    claimed_at = DateTimeField()
    status = IntegerField(null=True)
    headers = TextField(default="{}")
    body = BlobField(null=True)
    expires_at = DateTimeField()

    class Meta:
        table_name = "idempotency_key"


ALL = (
    Todo,
    Calendar,
    CalendarChunk,
    TodoImport,
    TodoImportChunk,
    TodoImportReport,
    Instance,
    RevisionSlot,
    Feed,
    IdempotencyKey,
)
