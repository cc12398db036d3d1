import pytest

from tests.bench.calendar_writers import (
    BASELINE,
    FLOOR,
    ICAL_JS,
    OURS,
    WRITERS,
    has_ical_js,
    made_up,
)
from tests.clients.installed import or_skip


def test_the_first_three_are_compared_for_the_same_bytes():
    todos = made_up(50)
    assert len({b"".join(WRITERS[name](todos)) for name in (BASELINE, OURS, FLOOR)}) == 1


@pytest.mark.parametrize("name", WRITERS)
def test_every_writer_writes_every_todo(name):
    if name == ICAL_JS:
        or_skip(has_ical_js(), "no ical.js here: it needs node and scripts/clients-test")
    assert b"".join(WRITERS[name](made_up(50))).count(b"BEGIN:VEVENT") == 50
