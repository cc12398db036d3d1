"""The log: each record is one entry on stderr, JSON or text, that says what it belongs to."""

import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TypedDict, Unpack


class LogContext(TypedDict, total=False):
    """What a record belongs to: a request, a job, or a job that a request asked for."""

    request_id: str | None
    url: str | None
    method: str | None
    job_id: str | None


# A calendar's address is its password. Masked here, since any library may log an address.
SECRET_PATH = re.compile(r"(/calendars/+)[^/?&\s\"']+", re.IGNORECASE)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # RQ colours its messages when stdout is a terminal
TRACEBACK = "\nTraceback (most recent call last):\n"

log_context: ContextVar[LogContext | None] = ContextVar("log_context", default=None)


def set_up_logging(log_format: str) -> None:
    """Log to stderr from INFO on, as "json" or "text"; "auto" is text on a terminal, else JSON.

    Takes the place of all that was set up before.
    """
    as_text = log_format == "text" or (log_format == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler()
    handler.setFormatter(TextFormatter() if as_text else JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)
    logging.getLogger("peewee.migrations").setLevel(logging.WARNING)  # `migrate` says it itself


@contextmanager
def logged(**fields: Unpack[LogContext]) -> Iterator[None]:
    """Say of all that is logged within, in the thread pool too, what it belongs to.

    Adds to what is said already; a field that is None is left out.
    """
    token = log_context.set({**(log_context.get() or {}), **fields})
    try:
        yield
    finally:
        log_context.reset(token)


class JsonFormatter(logging.Formatter):
    """A JSON object on a line of its own, in ASCII: no encoding of stderr can break it."""

    def format(self, record: logging.LogRecord) -> str:
        """Format the record."""
        return json.dumps(_describe(record))


class TextFormatter(logging.Formatter):
    """A line for people; a traceback follows it, indented."""

    def format(self, record: logging.LogRecord) -> str:
        """Format the record."""
        fields = _describe(record)
        words = [fields[name] for name in ("timestamp", "level", "location", "message")]
        words += [f"{name}={fields[name]}" for name in ("request_id", "job_id") if name in fields]
        lines = [" ".join(words)]
        if "exception" in fields:
            lines += fields["exception"].split("\n")
        return "\n    ".join(map(one_line, lines))


def _describe(record: logging.LogRecord) -> dict[str, str]:
    message, traceback = _split(record)
    moment = datetime.fromtimestamp(record.created, UTC).replace(tzinfo=None)
    fields = {
        "timestamp": f"{moment.isoformat(timespec='milliseconds')}Z",
        "level": record.levelname,
        "location": f"{record.name}:{record.lineno}",
        "message": message,
        "job_id": getattr(record, "job_id", None),  # RQ gives it with a job's exception
        **(log_context.get() or {}),
        "exception": traceback,
    }
    said = {name: str(value) for name, value in fields.items() if value is not None}
    if not SECRET_PATH.search("\n".join(said.values())):  # one search for all of them
        return said
    return {name: SECRET_PATH.sub(r"\1***", text) for name, text in said.items()}


def _split(record: logging.LogRecord) -> tuple[str, str | None]:
    """The record's message and traceback. RQ logs a job's traceback as a part of the message."""
    message, found, rest = COLOUR.sub("", record.getMessage()).partition(TRACEBACK)
    traceback = f"{TRACEBACK}{rest}".strip() if found else None
    if record.exc_info:
        traceback = logging.Formatter().formatException(record.exc_info)
    return message.strip(), traceback


def one_line(text: str) -> str:
    """The text on one line: else whoever has a say in a message could forge another."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )
