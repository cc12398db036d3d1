"""Every calendar of the tests passes the lint: a broken one fails the test that made it."""

import gzip

import httpx
import pytest

import jobs.calendar
from jobs.calendar import write_calendar

BROKEN = b"BEGIN:VCALENDAR\nEND:VCALENDAR\n"


def get(content, **headers):
    headers = {"Content-Type": "text/calendar; charset=utf-8", **headers}
    answer = httpx.MockTransport(
        lambda _: httpx.Response(200, headers=headers, stream=httpx.ByteStream(content))
    )
    with httpx.Client(transport=answer) as client:
        return client.get("http://test/")


def test_a_file_that_is_written_is_linted(monkeypatch):
    monkeypatch.setattr(jobs.calendar, "TAIL", b"END:VCALENDAR\n")
    with pytest.raises(AssertionError, match="CRLF"):
        list(write_calendar([], "here"))


def test_a_file_that_is_sent_is_linted():
    with pytest.raises(AssertionError, match="CRLF"):
        get(BROKEN.replace(b"\n", b"\r\n", 1))
    with pytest.raises(AssertionError, match="CRLF"):
        get(gzip.compress(BROKEN), **{"Content-Encoding": "gzip"})
