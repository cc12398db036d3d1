"""Files of todos that wait for a worker, and what is known of a todo that came from one."""

from peewee import (
    BlobField,
    BooleanField,
    CharField,
    CompositeKey,
    Database,
    DateTimeField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)
from playhouse.migrate import SchemaMigrator, migrate


def up(migrator: SchemaMigrator, database: Database) -> None:
    class TodoImport(Model):
        id = CharField(max_length=32, primary_key=True)
        done = IntegerField()
        counts = TextField()
        finished = BooleanField()
        created_at = DateTimeField()
        expires_at = DateTimeField(index=True)  # for the purge

        class Meta:
            table_name = "todo_import"

    class TodoImportChunk(Model):
        todo_import = ForeignKeyField(TodoImport, on_delete="CASCADE")
        position = IntegerField()
        data = BlobField()

        class Meta:
            table_name = "todo_import_chunk"
            primary_key = CompositeKey("todo_import", "position")

    class TodoImportReport(Model):
        todo_import = ForeignKeyField(TodoImport, on_delete="CASCADE")
        position = IntegerField()
        lines = TextField()

        class Meta:
            table_name = "todo_import_report"
            primary_key = CompositeKey("todo_import", "position")

    migrate(
        migrator.add_column("todo", "uid", CharField(max_length=255, null=True)),
        migrator.add_column("todo", "modified_at", DateTimeField(null=True)),
    )
    # Most todos were made here and have none: no need to have them in the index.
    database.execute_sql("CREATE UNIQUE INDEX todo_uid ON todo (uid) WHERE uid IS NOT NULL")
    tables = (TodoImport, TodoImportChunk, TodoImportReport)
    with database.bind_ctx(tables):
        database.create_tables(tables)
