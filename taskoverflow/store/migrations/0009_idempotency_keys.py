"""The first answers to requests that may come again."""

from peewee import BlobField, CharField, Database, DateTimeField, IntegerField, Model, TextField
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, database: Database) -> None:  # noqa: ARG001
    class IdempotencyKey(Model):
        id = CharField(max_length=64, primary_key=True)
        fingerprint = CharField(max_length=64)
        claim = CharField(max_length=32)
        claimed_at = DateTimeField()
        status = IntegerField(null=True)
        headers = TextField(default="{}")
        body = BlobField(null=True)
        expires_at = DateTimeField(index=True)  # for the purge

        class Meta:
            table_name = "idempotency_key"

    with database.bind_ctx([IdempotencyKey]):
        database.create_tables([IdempotencyKey])
