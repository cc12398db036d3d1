"""The contract over the published port: tests of the integration suite, with the stack's server."""

import pytest

from tests.integration.test_ical_api import (
    api,  # noqa: F401
    test_gzip_is_passed_through_as_it_is_stored,  # noqa: F401
)
from tests.integration.test_ical_api import test_it_works as test_the_calendar_comes_back  # noqa: F401
from tests.integration.test_todos_api import *  # noqa: F403


@pytest.fixture(scope="module")
def web(compose):
    """In place of the servers that those tests bring."""
    return compose.http
