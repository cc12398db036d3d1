"""Foreign programs, each fed as its manual says, and then asked what it shows."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

import httpx

from tests.clients.installed import VENV, found
from tests.clients.seen import Feed, Seen
from tests.conftest import free_port, wait_until

HERE = Path(__file__).parent
KHAL = """
[calendars]
[[todos]]
path = {folder}/todos
[locale]
local_timezone = UTC
default_timezone = UTC
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
timeformat = %H:%M:%S
datetimeformat = %Y-%m-%d %H:%M:%S
longdatetimeformat = %Y-%m-%d %H:%M:%S
[sqlite]
path = {folder}/khal.db
"""
VDIRSYNCER = """
[general]
status_path = "{folder}/status"
[pair todos]
a = "here"
b = "feed"
collections = null
conflict_resolution = "b wins"
[storage here]
type = "filesystem"
path = "{folder}/todos"
fileext = ".ics"
[storage feed]
type = "http"
url = "{url}"
"""
TODOMAN = """
path = "{folder}/*"
date_format = "%Y-%m-%d"
time_format = "%H:%M:%S"
cache_path = "{folder}/cache.sqlite3"
"""
RADICALE = """
[server]
hosts = 127.0.0.1:{port}
[auth]
type = none
[storage]
filesystem_folder = {folder}/radicale
"""
EPOCH = datetime(1970, 1, 1)


def run(folder: Path, *command: object, code: int | None = 0) -> str:
    """Run a program, in a home of its own and in UTC, and return what it says on stdout."""
    environment = {
        **os.environ,
        "HOME": str(folder),
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "TMPDIR": str(folder),
    }
    done = subprocess.run(command, capture_output=True, env=environment, check=False, timeout=100)
    assert code in (None, done.returncode), done.stderr.decode()
    return done.stdout.decode()


def config(folder: Path, name: str, text: str, **values: object) -> Path:
    path = folder / name
    path.write_text(text.format(folder=folder, **values))
    return path


def khal(feed: Feed, folder: Path) -> Iterator[Seen]:
    """`khal import`, and what it lists."""
    command = khal_in(folder)
    run(folder, *command, "import", "--batch", feed.file)
    return khal_list(folder)


def khal_in(folder: Path) -> list[object]:
    (folder / "todos").mkdir(exist_ok=True)
    return [found("khal"), "-c", config(folder, "khal.conf", KHAL)]


def khal_list(folder: Path) -> Iterator[Seen]:
    fields = [
        part for name in ("title", "description", "start", "end") for part in ("--json", name)
    ]
    days = "1969-12-01", "2100-03-31"
    # A line for each day, most of them empty.
    for line in run(folder, *khal_in(folder), "list", "--once", *fields, *days).splitlines():
        for one in json.loads(line):
            times = (datetime.fromisoformat(one[name]) for name in ("start", "end"))
            yield Seen(one["title"], one["description"], *times)


def vdirsyncer(feed: Feed, folder: Path) -> Iterator[Seen]:
    """A subscription, as khal's users have one: vdirsyncer fetches the address, khal shows it."""
    sync(feed.url, folder, "discover")
    sync(feed.url, folder)
    return khal_list(folder)


def sync(url: str, folder: Path, what: str = "sync") -> None:
    (folder / "todos").mkdir(exist_ok=True)
    settings = config(folder, "vdirsyncer.conf", VDIRSYNCER, url=url)
    run(folder, found("vdirsyncer"), "-c", settings, what)


def todoman(feed: Feed, folder: Path) -> Iterator[Seen]:
    """A subscription of tasks: vdirsyncer fetches the address, todoman shows them."""
    sync(feed.url, folder, "discover")
    sync(feed.url, folder)
    settings = config(folder, "todoman.py", TODOMAN)
    listing = "--porcelain", "list", "--status", "ANY"
    for one in json.loads(run(folder, found("todo"), "--config", settings, *listing)):
        due = one["due"] and EPOCH + timedelta(seconds=one["due"])
        yield Seen(one["summary"], one["description"], due=due, completed=one["completed"])


def calcurse(feed: Feed, folder: Path) -> Iterator[Seen]:
    """`calcurse --import`, and what it greps. Notes and times of tasks are not asked."""
    command = found("calcurse"), "-D", folder / "data", "-C", folder / "config"
    run(folder, *command, "--import", feed.file, code=None)  # not 0 if it skipped one
    formats = "--format-apt", "%(start:epoch) %(end:epoch) %m\\n", "--format-todo", "%m\\n"
    for line in run(folder, *command, "--grep", *formats).split("\n")[:-1]:
        if event := re.fullmatch(r"(-?\d+) (-?\d+) (.*)", line):
            times = (EPOCH + timedelta(seconds=int(event[number])) for number in (1, 2))
            yield Seen(event[3], "", *times)
        else:
            yield Seen(line)


@lru_cache
def calcurse_version() -> tuple[int, ...]:
    said = subprocess.check_output([found("calcurse"), "--version"], text=True)
    return tuple(map(int, re.findall(r"\d+", said)[:3]))


@contextmanager
def radicale(folder: Path) -> Iterator[str]:
    """A CalDAV server of one's own: its address."""
    port = free_port()
    settings = config(folder, "radicale.conf", RADICALE, port=port)
    with (folder / "radicale.log").open("wb") as log:
        server = subprocess.Popen([found("radicale"), "--config", settings], stderr=log, stdout=log)
    try:
        wait_until(lambda: b"server ready" in (folder / "radicale.log").read_bytes())
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


def caldav(feed: Feed, folder: Path) -> Iterator[Seen]:
    """The file is put on a CalDAV server, Radicale, and read back by a CalDAV client."""
    with radicale(folder) as server:
        answer = httpx.put(
            f"{server}/somebody/todos/",
            content=feed.file.read_bytes(),
            headers={"Content-Type": "text/calendar; charset=utf-8"},
            auth=("somebody", "x"),
            timeout=60,
        )
        assert answer.status_code == 201, answer.text
        seen = run(folder, VENV / "python", HERE / "read_with_caldav.py", server)
    for one in json.loads(seen):
        times = {
            name: one[name] and datetime.fromisoformat(one[name])
            for name in ("start", "end", "due")
        }
        yield Seen(one["title"], one["description"], completed=one["completed"], **times)
