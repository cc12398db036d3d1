import subprocess
import sys

import pytest

from taskoverflow.store.database import close_idle, open_database
from taskoverflow.store.migrations import migrate, pending


@pytest.fixture
def empty(database_url):
    database = open_database(database_url, connections=2)
    yield database
    close_idle(database)


def test_a_new_database_is_migrated_once(empty):
    every = [
        "0001_initial",
        "0002_sequence_and_completed_at",
        "0003_feeds",
        "0004_search_and_order",
        "0005_todo_imports",
        "0006_session_key",
        "0007_revision_slots",
        "0008_number_of_todos",
        "0009_idempotency_keys",
    ]
    assert pending(empty) == every
    assert migrate(empty) == every
    assert pending(empty) == []
    assert migrate(empty) == []


def test_processes_that_start_at_once_migrate_once(database_url):
    command = [sys.executable, "-m", "taskoverflow.cli", "migrate"]
    processes = [
        subprocess.Popen(
            command,
            env={"DATABASE_URL": database_url},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    said = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0] * 6, said
    assert sum("migrated the database: 0001_initial" in out for out, _ in said) == 1


def test_sqlite_writes_ahead(sqlite_url):
    database = open_database(sqlite_url, connections=1)
    migrate(database)
    with database.connection_context():
        assert database.pragma("journal_mode") == "wal"
        assert database.pragma("foreign_keys") == 1
        assert database.pragma("busy_timeout") == 10_000
    close_idle(database)
