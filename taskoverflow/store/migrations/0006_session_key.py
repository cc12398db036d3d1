"""The secret with which an installation signs its browsers' sessions."""

import secrets

from peewee import CharField, Database, Model
from playhouse.migrate import SchemaMigrator, migrate


def up(migrator: SchemaMigrator, database: Database) -> None:
    migrate(migrator.add_column("instance", "session_key", CharField(max_length=64, null=True)))

    class Instance(Model):
        session_key = CharField(max_length=64, null=True)

    with database.bind_ctx([Instance]):
        Instance.update(session_key=secrets.token_hex(32)).execute()
