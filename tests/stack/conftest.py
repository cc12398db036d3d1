"""The stack that scripts/stack-test has built; without it, nothing of this runs."""

import os

import pytest

from tests.faults.system import System
from tests.stack.compose import Compose

MEASURED = []
BROUGHT = "COMPOSE_PROJECT_NAME" in os.environ and "TASKOVERFLOW_SECRETS" in os.environ
collect_ignore_glob = [] if BROUGHT else ["test_*.py"]


def pytest_terminal_summary(terminalreporter):
    for line in MEASURED:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def compose():
    """The stack, brought up once for all tests: they run in the order in which they stand."""
    compose = Compose(os.environ)
    compose.up()
    yield compose
    compose.http.close()


@pytest.fixture
def system(compose):
    """A record of what the stack said of the test's jobs, at every moment."""
    system = System(compose.settings, lambda _: None)
    yield system
    system.close()


@pytest.fixture(scope="session")
def measured():
    """Takes a line for the summary."""
    return MEASURED.append
