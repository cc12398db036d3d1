"""The revision in several rows, so that writers do not wait for each other."""

from peewee import BigIntegerField, Database, IntegerField, Model
from playhouse.migrate import SchemaMigrator, migrate

SLOTS = 16


def up(migrator: SchemaMigrator, database: Database) -> None:
    class RevisionSlot(Model):
        slot = IntegerField(primary_key=True)
        changes = BigIntegerField()

        class Meta:
            table_name = "revision_slot"

    with database.bind_ctx([RevisionSlot]):
        database.create_tables([RevisionSlot])
        (before,) = database.execute_sql("SELECT revision FROM instance").fetchone()
        rows = [{"slot": slot, "changes": 0 if slot else before} for slot in range(SLOTS)]
        RevisionSlot.insert_many(rows).execute()
    migrate(migrator.drop_column("instance", "revision"))
