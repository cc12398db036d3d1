"""What a record looks like in the log, and what it says that it belongs to."""

import json
import logging
import os
import re
import subprocess
import sys
from contextlib import suppress

import anyio
import pytest
from starlette.concurrency import run_in_threadpool

from taskoverflow.logs import JsonFormatter, TextFormatter, logged

TIMESTAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
HOSTILE = "a\nb\r\x1b[2Jc\x85d\u2028e\x00f\x7f\udc80\u202e"


def record(message="hello", *args, exc_info=None):
    return logging.LogRecord("taskoverflow.web", logging.INFO, "web.py", 7, message, args, exc_info)


def as_json(given):
    line = JsonFormatter().format(given)
    assert len(line.splitlines()) == 1
    return json.loads(line)


def as_text(given):
    return TextFormatter().format(given)


def an_exception(message="no such thing"):
    try:
        raise LookupError(message)
    except LookupError:
        return sys.exc_info()


def test_a_json_line_has_the_promised_keys():
    with logged(request_id="r1", url="/x?y=1", method="GET", job_id="j1"):
        fields = as_json(record("%s of %d", "one", 2, exc_info=an_exception()))
    assert re.fullmatch(TIMESTAMP, fields.pop("timestamp"))
    exception = fields.pop("exception")
    assert exception.startswith("Traceback (most recent call last):\n")
    assert exception.endswith("\nLookupError: no such thing")
    assert fields == {
        "level": "INFO",
        "location": "taskoverflow.web:7",
        "message": "one of 2",
        "request_id": "r1",
        "url": "/x?y=1",
        "method": "GET",
        "job_id": "j1",
    }


def test_what_there_is_nothing_to_say_of_is_left_out():
    with logged(request_id=None):
        assert list(as_json(record())) == ["timestamp", "level", "location", "message"]


def test_the_timestamp_is_utc_and_its_milliseconds_never_carry_over():
    given = record()
    given.created = 1_700_000_000.9999
    assert as_json(given)["timestamp"] == "2023-11-14T22:13:20.999Z"


def test_a_text_line_says_when_what_and_for_which_request_and_job():
    with logged(request_id="r1", url="/x", method="GET", job_id="j1"):
        line = as_text(record())
    said = r" INFO taskoverflow\.web:7 hello request_id=r1 job_id=j1"
    assert re.fullmatch(TIMESTAMP + said, line)


def test_a_text_traceback_is_indented_below_its_line():
    first, *others = as_text(record(exc_info=an_exception())).split("\n")
    assert first.endswith("hello")
    assert others[0] == "    Traceback (most recent call last):"
    assert others[-1] == "    LookupError: no such thing"


def test_a_hostile_message_cannot_forge_a_json_line():
    fields = as_json(record("got %s", HOSTILE))
    assert fields["message"].startswith("got a\nb\r")


def test_a_hostile_message_cannot_forge_a_text_line():
    line = as_text(record("got %s", HOSTILE))
    assert line.isprintable()
    assert r"got a\nb\r\x1b[2Jc\x85d\u2028e\x00f\x7f\udc80\u202e" in line


def test_a_hostile_context_cannot_forge_a_line():
    with logged(job_id=HOSTILE, request_id=HOSTILE, url=HOSTILE):
        assert as_text(record()).isprintable()
        assert as_json(record())["url"].startswith("a\nb")


def test_a_hostile_exception_cannot_forge_a_text_line():
    text = as_text(record(exc_info=an_exception("x\n2026-01-01T00:00:00.000Z INFO y:1 \x1b[2J")))
    assert all(line.startswith("    ") for line in text.splitlines()[1:])
    assert "\x1b" not in text


def test_people_can_read_other_letters_in_a_text_line():
    assert "Käse → 😀" in as_text(record("Käse → 😀"))


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("/calendars/s3cret/todos.ics", "/calendars/***/todos.ics"),
        ("/calendars/s3cret", "/calendars/***"),
        ("/calendars//s3cret?a=b", "/calendars//***?a=b"),
        ("//Calendars/s3cret/", "//Calendars/***/"),
        ("webcal://host/calendars/s3cret/todos.ics", "webcal://host/calendars/***/todos.ics"),
        ("/calendars/", "/calendars/"),
    ],
)
def test_the_secret_in_a_calendar_address_is_masked_wherever_it_is_logged(address, shown):
    with logged(url=address):
        given = record("GET %s failed", address, exc_info=an_exception(f"not at '{address}'"))
        fields, text = as_json(given), as_text(given)
    assert fields["url"] == shown
    assert fields["message"] == f"GET {shown} failed"
    assert "s3cret" not in f"{fields}{text}"


def test_a_traceback_that_is_part_of_the_message_is_told_apart_from_it():
    fields = as_json(record("job x failed\nTraceback (most recent call last):\n  File …\nE: no\n"))
    assert fields["message"] == "job x failed"
    assert fields["exception"] == "Traceback (most recent call last):\n  File …\nE: no"


def test_the_colours_of_a_message_are_left_out():
    assert as_json(record("\x1b[32mgreen\x1b[39;49;00m"))["message"] == "green"


def test_a_record_may_bring_its_job_with_it():
    given = record()
    given.job_id = "j1"
    assert as_json(given)["job_id"] == "j1"


def test_a_context_adds_to_the_outer_one_and_ends_even_with_an_error():
    with logged(request_id="r1"):
        with suppress(ZeroDivisionError), logged(job_id="j1"):
            fields = as_json(record())
            assert (fields["request_id"], fields["job_id"]) == ("r1", "j1")
            raise ZeroDivisionError
        assert "job_id" not in as_json(record())
    assert "request_id" not in as_json(record())


def test_the_context_reaches_starlettes_threads_and_concurrent_tasks_do_not_mix():
    said = {}

    async def serve(number):
        with logged(request_id=number):
            await anyio.sleep(0.01)
            said[number] = (await run_in_threadpool(as_json, record()))["request_id"]

    async def serve_all():
        async with anyio.create_task_group() as tasks:
            for number in "abc":
                tasks.start_soon(serve, number)

    anyio.run(serve_all)
    assert said == {"a": "a", "b": "b", "c": "c"}


def stderr_of(statements, log_format, **options):
    code = (
        "import logging, warnings\n"
        "logging.basicConfig(format='set up before: %(message)s')\n"
        "from taskoverflow.logs import set_up_logging\n"
        f"set_up_logging({log_format!r})\n"
        f"{statements}"
    )
    command = [sys.executable, "-W", "default", "-c", code]
    return subprocess.run(command, check=True, text=True, **{"stderr": subprocess.PIPE, **options})


@pytest.mark.parametrize("library", ["rq.worker", "uvicorn.error", "waitress", "peewee"])
def test_the_libraries_log_the_same_way_and_once(library):
    done = stderr_of(f"logging.getLogger({library!r}).info('→')", "json")
    assert json.loads(done.stderr)["message"] == "→"


def test_a_warning_is_logged_like_all_else():
    done = stderr_of("warnings.warn('old')", "json")
    assert "UserWarning: old" in json.loads(done.stderr)["message"]


def test_migrations_are_announced_by_the_command_and_not_logged_too():
    assert stderr_of("logging.getLogger('peewee.migrations').info('x')", "json").stderr == ""


def test_a_stream_that_is_not_utf_8_still_gets_valid_json():
    environ = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = stderr_of("logging.warning('Käse')", "json", env=environ)
    assert json.loads(done.stderr)["message"] == "Käse"


def test_auto_is_json_where_no_terminal_is():
    assert stderr_of("logging.info('x')", "auto").stderr.startswith("{")
    assert not stderr_of("logging.info('x')", "text").stderr.startswith("{")


@pytest.mark.parametrize(("log_format", "start"), [("auto", "2"), ("text", "2"), ("json", "{")])
def test_auto_is_text_on_a_terminal(log_format, start):
    ours, theirs = os.openpty()
    stderr_of("logging.info('x')", log_format, stderr=theirs)
    os.close(theirs)
    assert os.read(ours, 1).decode() == start
    os.close(ours)
