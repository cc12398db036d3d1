"""Subscriptions, and a number that rises with each change of a todo: is a feed's file stale?"""

from peewee import (
    SQL,
    BigAutoField,
    BigIntegerField,
    CharField,
    Database,
    DateTimeField,
    Model,
    TextField,
)
from playhouse.migrate import SchemaMigrator, migrate


def up(migrator: SchemaMigrator, database: Database) -> None:
    class Feed(Model):
        id = BigAutoField()
        name = CharField(max_length=255)
        token_hash = CharField(max_length=64, unique=True)
        options = TextField()
        calendar = CharField(max_length=32, null=True)
        revision = BigIntegerField(default=-1)
        built_at = DateTimeField(null=True)
        created_at = DateTimeField()
        fetched_at = DateTimeField(null=True)

    revision = BigIntegerField(default=0, constraints=[SQL("DEFAULT 0")])
    migrate(migrator.add_column("instance", "revision", revision))
    with database.bind_ctx([Feed]):
        database.create_tables([Feed])
