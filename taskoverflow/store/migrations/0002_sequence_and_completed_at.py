"""What a calendar client asks of a todo: how often its time has changed, and when it was done."""

from peewee import SQL, Database, DateTimeField, IntegerField
from playhouse.migrate import SchemaMigrator, migrate


def up(migrator: SchemaMigrator, database: Database) -> None:
    # The default is in the schema too: SQLite would else copy the table to forbid NULL in it.
    sequence = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    migrate(
        migrator.add_column("todo", "sequence", sequence),
        migrator.add_column("todo", "completed_at", DateTimeField(null=True)),
    )
    # When they were completed is not known; they were so when they were last changed.
    database.execute_sql("UPDATE todo SET completed_at = updated_at WHERE completed")
