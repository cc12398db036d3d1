"""A subscription lived through: vdirsyncer syncs on while todos change and all else is broken.

Twenty syncs by default; `scripts/clients-test -k subscriber -s --syncs 240` is an hour of one every
15 seconds, in some minutes, and says what happened.
"""

import random
import threading
import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC

import httpx
import pytest
import vobject

from taskoverflow.settings import read_settings
from taskoverflow.store.database import open_database
from taskoverflow.store.migrations import migrate
from tests.calendar_lint import lint
from tests.clients.conftest import answers, subscribe
from tests.clients.programs import sync
from tests.clients.turmoil import Broken, Todos
from tests.conftest import free_port, processes, wait_until
from tests.faults.system import Valkey

CAUGHT_UP = 60  # seconds, once nothing is broken any more


@pytest.fixture
def valkey_to_break(short_folder):
    folder = short_folder / "broken"
    folder.mkdir()
    valkey = Valkey(folder)
    valkey.start()
    yield valkey
    valkey.kill()


@pytest.fixture
def start(valkey_to_break, tmp_path):
    settings = read_settings(
        {
            "TASKOVERFLOW_DATA_DIR": str(tmp_path),
            "REDIS_URL": valkey_to_break.url,
            "TASKOVERFLOW_PORT": str(free_port()),
            "TASKOVERFLOW_HEARTBEAT": "1",
            "TASKOVERFLOW_RETRY_BACKOFF": "1",
        }
    )
    migrate(open_database(settings.database_url, connections=1))
    with processes(settings, tmp_path / "processes.log") as start_process:
        start_process.port = settings.port
        yield start_process


@pytest.fixture
def api(start):
    start("serve")
    with httpx.Client(base_url=f"http://127.0.0.1:{start.port}/api/v1", timeout=30) as client:
        wait_until(lambda: answers(client))
        yield client


@pytest.mark.timeout(3600)
def test_a_subscriber_sees_no_error_and_no_empty_calendar(
    api, start, valkey_to_break, tmp_path, pytestconfig, capsys
):
    syncs, dice = pytestconfig.getoption("--syncs"), random.Random(6400)
    todos = Todos(api, dice)
    broken = Broken(valkey_to_break, start, dice)
    feed = subscribe(api, "VEVENT", tmp_path)
    sync(feed.url, tmp_path, "discover")
    with broken, fetched_all_the_time(feed.url) as fetches:
        for _ in range(syncs):
            todos.change()
            sync(feed.url, tmp_path)
            assert synced(tmp_path), "the calendar was emptied"
    healed = time.monotonic()
    wait_until(lambda: sync(feed.url, tmp_path) or synced(tmp_path) == todos.events(), CAUGHT_UP)
    faults = ", ".join(f"{fault} {number}" for fault, number in sorted(broken.counts.items()))
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{syncs} syncs after {todos.changes} changes, fetches {dict(fetches)}; {faults}; "
            f"equal to the database {time.monotonic() - healed:.1f} s after the last fault"
        )
    assert set(fetches) == {200, 304}


@contextmanager
def fetched_all_the_time(url):
    """Another client fetches the address meanwhile. Its answers are counted by their status;
    every file that any client is sent is linted (tests/linted.py), here it must have events."""
    done, counts = threading.Event(), Counter()

    def fetch():
        etag = ""
        with httpx.Client(timeout=20) as client:
            while not done.wait(0.05):
                answer = client.get(url, headers={"If-None-Match": etag})
                etag = answer.headers.get("etag", "")
                empty = answer.status_code == 200 and not lint(answer.content)
                counts["empty" if empty else answer.status_code] += 1

    thread = threading.Thread(target=fetch)
    thread.start()
    try:
        yield counts
    finally:
        done.set()
        thread.join()


def synced(folder):
    """The events that vdirsyncer has put into the folder."""
    files = (folder / "todos").iterdir()
    events = [vobject.readOne(file.read_text()).vevent for file in files]
    return {(event.summary.value, naive(event.dtstart.value)) for event in events}


def naive(moment):
    return moment.astimezone(UTC).replace(tzinfo=None)
