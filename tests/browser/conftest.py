"""The whole product under a real browser: Valkey, web server, worker, and Debian's Chromium.

A laptop without Chromium skips these tests; CI (CI=true) fails instead. CHROMIUM names another.
Each view is kept as a picture in build/screenshots.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from taskoverflow.settings import Settings, read_settings
from taskoverflow.store import todos
from taskoverflow.store.database import open_database
from taskoverflow.store.migrations import migrate
from tests.conftest import ON_CI, StartProcess, free_port, processes, wait_until
from tests.faults.system import Valkey

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
ZONE = "Australia/Brisbane"  # no daylight saving, and ten hours from the UTC of the server
DESKTOP = {"width": 1200, "height": 860}
PATIENCE = 15_000  # milliseconds that something may take on a busy machine

expect.set_options(timeout=PATIENCE)

NewPage = Callable[..., Page]


class Product:
    """The running product, and what tests do to its parts."""

    def __init__(self, settings: Settings, valkey: Valkey, start: StartProcess) -> None:
        self.settings = settings
        self.valkey = valkey
        self.url = f"http://127.0.0.1:{settings.port}"
        self.api = httpx.Client(base_url=f"{self.url}/api/v1", timeout=20)
        self._start = start
        self._worker: subprocess.Popen[bytes] | None = None
        self._changes: dict[str, object] = {}
        start("serve")
        wait_until(self._answers)

    def worker(self, **changes: object) -> None:
        """Have one worker, with these changes to the settings."""
        if self._worker is not None and self._changes == changes:
            return
        self.stop_worker()
        self._worker = self._start("worker", **changes)
        self._changes = changes
        wait_until(lambda: "No worker is running" not in self._exports())

    def stop_worker(self) -> None:
        """Have no worker."""
        if self._worker is not None:
            self._worker.kill()
            self._worker.wait()
            self._worker = None
            wait_until(lambda: "No worker is running" in self._exports())

    def add(self, title: str, deadline: str | None = None, **fields: object) -> int:
        """Store a todo, and return its id."""
        body = {"title": title, "deadline_at": deadline, **fields}
        return int(self.api.post("/todos", json=body).raise_for_status().json()["id"])

    def add_many(self, rows: list[dict[str, Any]]) -> None:
        """Store todos without the API."""
        database = open_database(self.settings.database_url, connections=1)
        assert sum(todos.create_many(database, rows)) == len(rows)

    def titles(self) -> set[str]:
        """What there is."""
        return {todo["title"] for todo in self.api.get("/todos").json()}

    def clear(self) -> None:
        """Delete every todo."""
        while found := self.api.get("/todos?limit=1000").json():
            gone = [{"op": "delete", "id": todo["id"]} for todo in found]
            self.api.post("/todos/bulk", json={"operations": gone}).raise_for_status()

    def _exports(self) -> str:
        return httpx.get(f"{self.url}/exports").text

    def _answers(self) -> bool:
        try:
            return self.api.get("/health").status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture(scope="package")
def running(short_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product, with one worker, for all tests of this folder."""
    data = tmp_path_factory.mktemp("product")
    folder = short_folder / "browser"
    folder.mkdir(exist_ok=True)
    valkey = Valkey(folder)
    valkey.start()
    settings = read_settings(
        {
            "TASKOVERFLOW_DATA_DIR": str(data),
            "REDIS_URL": valkey.url,
            "TASKOVERFLOW_PORT": str(free_port()),
            "TASKOVERFLOW_HEARTBEAT": "1",  # a dead worker is noticed in 3 s
        }
    )
    migrate(open_database(settings.database_url, connections=1))
    with processes(settings, data / "processes.log") as start:
        product = Product(settings, valkey, start)
        yield product
        product.api.close()
    valkey.kill()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        if ON_CI:
            pytest.fail("no Chromium here; .ci/run installs it")
        pytest.skip("no Chromium here: install Debian's, or have CHROMIUM name one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def product(running: Product) -> Product:
    """The product without any todo."""
    running.clear()
    return running


@pytest.fixture
def new_page(browser: Browser, product: Product) -> Iterator[NewPage]:
    """Opens a page as another person, who has been here before unless `known` is False.

    Fails the test when a script of a page fails.
    """
    problems: list[str] = []
    with ExitStack() as people:

        def open_page(
            person: BrowserContext | None = None, *, known: bool = True, **options: Any
        ) -> Page:
            if person is None:
                given = {"viewport": DESKTOP, "timezone_id": ZONE, "locale": "en-GB", **options}
                person = browser.new_context(base_url=product.url, **given)
                if known and given.get("java_script_enabled", True):
                    told = {"zone": given["timezone_id"], "week": "1", "clock": "24"}
                    person.add_cookies(
                        [{"name": k, "value": v, "url": product.url} for k, v in told.items()]
                    )
                person.set_default_timeout(PATIENCE)
                people.callback(person.close)
            page = person.new_page()
            page.bring_to_front()  # now and then Chromium gives a new one no focus
            page.on("pageerror", lambda error: problems.append(error.stack or str(error)))
            return page

        yield open_page
    assert problems == []


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """A page on a desk, in Brisbane."""
    return new_page()


def drag(page: Page, todo: Locator, day: Locator) -> None:
    """Drag a todo of the month onto a day, and drop it once the page has seen where it is."""
    todo.hover()
    page.mouse.down()
    day.hover()
    day.hover()  # Chromium begins to drag with the second move
    expect(day).to_have_class(re.compile("target"))
    page.mouse.up()


def keep(page: Page, name: str) -> None:
    """Keep a picture of a view."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")
