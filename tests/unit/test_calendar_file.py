import asyncio

import pytest

from taskoverflow.store import calendars
from taskoverflow.store.calendars import Calendar
from taskoverflow.store.models import utc_now
from taskoverflow.web.calendar_file import _stored_chunks, accepts_gzip
from taskoverflow.web.conditional import matches


@pytest.mark.parametrize("header", ["gzip", "GZIP", "br, gzip;q=0.5", "*", "*;q=0.1", "gzip;q=1"])
def test_gzip_is_sent_to_who_takes_it(header):
    assert accepts_gzip(header)


@pytest.mark.parametrize(
    "header", ["", "identity", "br", "gzip;q=0", "gzip; q=0.0", "*, gzip;q=0", "*;q=0", "gzipped"]
)
def test_gzip_is_not_sent_to_who_does_not(header):
    assert not accepts_gzip(header)


@pytest.mark.parametrize("header", ['"a"', 'W/"a"', '"b", "a"', '"b",W/"a"', "*"])
def test_an_etag_that_the_client_has_matches(header):
    assert matches(header, '"a"')


@pytest.mark.parametrize("header", ["", '"b"', "a", '"a-gzip"', '"*"'])
def test_another_etag_does_not_match(header):
    assert not matches(header, '"a"')


@pytest.mark.parametrize("stored", [[], [b"one"], [b"one", b"two"]])
def test_nothing_is_asked_for_behind_the_end_of_a_file(monkeypatch, stored):
    # A client that has it all may hang up, and would break off what is still being asked.
    asked = []

    def chunk(database, calendar_id, position):
        asked.append(position)
        return stored[position]

    monkeypatch.setattr(calendars, "chunk", chunk)
    size = sum(map(len, stored))
    calendar = Calendar("id", "etag", 1, size, size, utc_now(), utc_now())

    async def read():
        return [data async for data in _stored_chunks(None, calendar)]

    assert asyncio.run(read()) == stored
    assert asked == list(range(len(stored)))
