"""Search by words, and an index for each order of the list."""

from peewee import Database, PostgresqlDatabase
from playhouse.migrate import SchemaMigrator

from taskoverflow.store.todos import search

ROWS = 300  # an UPDATE; three values each, of the 999 that SQLite takes at once before 3.32

# FTS5 keeps no copy of the words: these triggers tell it what they were. The tokenizer cuts at
# blanks, since ASCII punctuation is never in a word, and takes all else as it is.
SQLITE = (
    """CREATE VIRTUAL TABLE todo_search USING fts5(words, content='todo', content_rowid='id',
        tokenize='ascii', detail='none', columnsize=0)""",
    "INSERT INTO todo_search(todo_search) VALUES ('rebuild')",
    """CREATE TRIGGER todo_search_insert AFTER INSERT ON todo BEGIN
        INSERT INTO todo_search(rowid, words) VALUES (new.id, new.words); END""",
    """CREATE TRIGGER todo_search_delete AFTER DELETE ON todo BEGIN
        INSERT INTO todo_search(todo_search, rowid, words) VALUES ('delete', old.id, old.words);
        END""",
    """CREATE TRIGGER todo_search_update AFTER UPDATE OF words ON todo
        WHEN old.words IS NOT new.words BEGIN
        INSERT INTO todo_search(todo_search, rowid, words) VALUES ('delete', old.id, old.words);
        INSERT INTO todo_search(rowid, words) VALUES (new.id, new.words); END""",
)
# Without fastupdate there is no list of pending words that each search reads from end to end: it
# made PostgreSQL 18 rather read 50,000 todos.
POSTGRESQL = (
    "CREATE INDEX todo_words ON todo USING gin (array_to_tsvector(string_to_array(words, ' ')))"
    " WITH (fastupdate = off)",
    "ANALYZE todo",
)
INDEXES = (("updated_at", "id"), ("title_key", "id"))


def up(migrator: SchemaMigrator, database: Database) -> None:  # noqa: ARG001
    on_postgresql = isinstance(database, PostgresqlDatabase)
    collation = 'COLLATE "C"' if on_postgresql else ""  # the order of SQLite
    for column in ("words TEXT", f"title_key VARCHAR(255) {collation}"):
        database.execute_sql(f"ALTER TABLE todo ADD COLUMN {column} NOT NULL DEFAULT ''")
    _fill(database)
    for columns in INDEXES:
        for names in (columns, ("completed", *columns)):
            name, listed = f"todo_{'_'.join(names)}", ", ".join(names)
            database.execute_sql(f"CREATE INDEX {name} ON todo ({listed})")
    for statement in POSTGRESQL if on_postgresql else SQLITE:
        database.execute_sql(statement)


def _fill(database: Database) -> None:
    """Derive the new columns of the todos that there are."""
    mark, last = database.param, 0
    read = f"SELECT id, title, description FROM todo WHERE id > {mark} ORDER BY id LIMIT {mark}"  # noqa: S608
    while rows := database.execute_sql(read, (last, ROWS)).fetchall():
        values = ", ".join([f"({mark}, {mark}, {mark})"] * len(rows))
        found = [
            (todo_id, " ".join(search.words(title, description)), search.title_key(title))
            for todo_id, title, description in rows
        ]
        database.execute_sql(
            "UPDATE todo SET words = made.column2, title_key = made.column3"  # noqa: S608
            f" FROM (VALUES {values}) AS made WHERE todo.id = made.column1",
            [value for row in found for value in row],
        )
        last = rows[-1][0]
