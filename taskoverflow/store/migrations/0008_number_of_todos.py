"""How many todos there are, counted with each change: a limit then costs no count of them all."""

from peewee import SQL, BigIntegerField, Database
from playhouse.migrate import SchemaMigrator, migrate


def up(migrator: SchemaMigrator, database: Database) -> None:
    todos = BigIntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    migrate(migrator.add_column("revision_slot", "todos", todos))
    database.execute_sql(
        "UPDATE revision_slot SET todos = (SELECT count(*) FROM todo) WHERE slot = 0"
    )
