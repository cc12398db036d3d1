"""Calls of the store by an event loop, which goes on while the database thinks."""

import asyncio
import threading

import psycopg2.extensions
import pytest

from taskoverflow.errors import DatabaseUnavailable, NotFound
from taskoverflow.logs import log_context, logged
from taskoverflow.store import todos
from taskoverflow.store.calls import answer_within, call_store
from taskoverflow.store.database import reading, transaction
from taskoverflow.store.postgresql import PostgresqlPool

CONNECTIONS = 20  # of the fixture's pool


@pytest.fixture
def patient():
    """Waits for PostgreSQL that end, as in a web process."""
    answer_within(1.5)
    yield
    psycopg2.extensions.set_wait_callback(None)


@pytest.fixture
def postgresql(database, patient):
    assert isinstance(database, PostgresqlPool)
    return database


on_postgresql = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)


def sleep(database, seconds):
    with reading(database):
        database.execute_sql("SELECT pg_sleep(%s)", [seconds])


def test_a_call_returns_what_the_function_does(database, patient):
    todo = asyncio.run(call_store(database, todos.create, {"title": "x"}, most=3))
    assert asyncio.run(call_store(database, todos.get, todo.id)) == todo


def test_a_call_raises_what_the_function_does_and_the_next_one_is_served(database, patient):
    async def fail_often():
        for _ in range(CONNECTIONS + 1):
            with pytest.raises(NotFound):
                await call_store(database, todos.get, 6400)
        return await call_store(database, todos.count, todos.Filter())

    assert asyncio.run(fail_often()) == 0


def test_what_is_logged_within_belongs_to_the_request_that_calls(database, patient):
    async def ask(request_id):
        with logged(request_id=request_id):
            return await call_store(database, lambda _: log_context.get()["request_id"])

    async def ask_often():
        return await asyncio.gather(*(ask(str(number)) for number in range(50)))

    assert asyncio.run(ask_often()) == [str(number) for number in range(50)]


@on_postgresql
def test_the_event_loop_goes_on_in_its_one_thread(postgresql):
    seen, threads = [], set()

    def ask(database, name):
        threads.add(threading.current_thread())
        seen.append(f"{name} begins")
        sleep(database, 0.2)
        seen.append(f"{name} ends")

    async def ask_twice():
        await asyncio.gather(call_store(postgresql, ask, "a"), call_store(postgresql, ask, "b"))

    asyncio.run(ask_twice())
    assert seen[:2] == ["a begins", "b begins"]
    assert threads == {threading.main_thread()}


@on_postgresql
def test_each_call_has_a_transaction_of_its_own(postgresql):
    def add_and_fail(database):
        with transaction(database, write=True):
            todos.create(database, {"title": "taken back"})
            sleep(database, 0.2)
            raise NotFound("on purpose")

    async def side_by_side():
        failing = asyncio.create_task(call_store(postgresql, add_and_fail))
        await call_store(postgresql, sleep, 0.1)
        await call_store(postgresql, todos.create, {"title": "kept"})
        seen = await call_store(postgresql, todos.find, todos.Filter())
        with pytest.raises(NotFound):
            await failing
        return seen

    assert [todo.title for todo in asyncio.run(side_by_side())] == ["kept"]
    assert todos.count(postgresql, todos.Filter()) == 1


@on_postgresql
def test_calls_beyond_the_connections_wait_for_their_turn(postgresql):
    def busy(database):
        sleep(database, 0.05)
        return len(database._in_use)

    async def ask_often():
        return await asyncio.gather(*(call_store(postgresql, busy) for _ in range(3 * CONNECTIONS)))

    assert max(asyncio.run(ask_often())) <= CONNECTIONS


@on_postgresql
def test_a_call_that_is_given_up_leaves_nothing_open(postgresql):
    def add_slowly(database):
        with transaction(database, write=True):
            todos.create(database, {"title": "x"})
            sleep(database, 1)

    async def give_up():
        for _ in range(CONNECTIONS + 1):
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(call_store(postgresql, add_slowly), 0.02)
        return await call_store(postgresql, todos.count, todos.Filter())

    assert asyncio.run(give_up()) == 0
    assert not postgresql._in_use


@on_postgresql
def test_a_server_that_says_nothing_is_a_database_that_is_away(postgresql):
    answer_within(0.2)

    async def ask():
        with pytest.raises(DatabaseUnavailable):
            await call_store(postgresql, sleep, 30)
        return await call_store(postgresql, todos.count, todos.Filter())

    assert asyncio.run(ask()) == 0
