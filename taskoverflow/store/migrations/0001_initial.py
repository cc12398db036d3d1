"""Todos, generated calendars, and the id of this installation."""

from uuid import uuid4

from peewee import (
    BigAutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    CharField,
    CompositeKey,
    Database,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    Model,
    SqliteDatabase,
    TextField,
)
from playhouse.migrate import SchemaMigrator
from playhouse.sqlite_ext import AutoIncrementField


def up(migrator: SchemaMigrator, database: Database) -> None:  # noqa: ARG001
    # A deleted todo's id must never come back: calendar UIDs are made of it. PostgreSQL's
    # sequences see to that; SQLite does only when told AUTOINCREMENT.
    id_field = AutoIncrementField if isinstance(database, SqliteDatabase) else BigAutoField

    class Todo(Model):
        id = id_field()
        title = CharField(max_length=255)
        description = TextField(null=True)
        completed = BooleanField()
        deadline_at = DateTimeField(null=True)
        created_at = DateTimeField()
        updated_at = DateTimeField()

        class Meta:
            indexes = (
                # GET /todos: newest first, with and without ?completed=
                (("created_at", "id"), False),
                (("completed", "created_at", "id"), False),
                # The calendar and ?window=: by deadline, with and without ?completed=
                (("deadline_at", "id"), False),
                (("completed", "deadline_at", "id"), False),
            )

    class Calendar(Model):
        id = CharField(max_length=32, primary_key=True)
        etag = CharField(max_length=64)
        events = IntegerField()
        size = BigIntegerField()
        gzip_size = BigIntegerField()
        created_at = DateTimeField()
        expires_at = DateTimeField(index=True)  # for the purge

    class CalendarChunk(Model):
        calendar = ForeignKeyField(Calendar, on_delete="CASCADE")
        position = IntegerField()
        data = BlobField()

        class Meta:
            table_name = "calendar_chunk"
            primary_key = CompositeKey("calendar", "position")

    class Instance(Model):
        uuid = CharField(max_length=36, primary_key=True)

    tables = (Todo, Calendar, CalendarChunk, Instance)
    with database.bind_ctx(tables):
        database.create_tables(tables)
        Instance.create(uuid=str(uuid4()))
