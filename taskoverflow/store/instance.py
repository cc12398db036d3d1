"""Who this installation is: one row, made by the first migration."""

from peewee import Database

from taskoverflow.store import models
from taskoverflow.store.database import reading


def session_key(database: Database) -> str:
    """The secret with which this installation signs its sessions."""
    with reading(database):
        return str(models.Instance.select().get().session_key)
