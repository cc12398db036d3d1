"""Every foreign client sees every todo of the corpus, title for title and time for time.

Where a client is known to show a legal text or time as something else, that is said here, once,
with its source; nothing is asked the less of the others.
"""

import re
from collections import Counter

import pytest

from jobs.calendar.text import LONGEST
from tests.calendar_lint import lint
from tests.clients import parsers, programs
from tests.clients.corpus import GAP, corpus
from tests.clients.seen import Client, Seen, as_event, as_task


def ics_shows(seen: Seen) -> Seen:
    r"""ics 0.7.3, utils.unescape_string: "\n" is replaced before "\\\\" is, so that a backslash in
    front of an n becomes a line break. grammar/parse.py, unfold_lines(): a blank line is none."""
    return without_blank_lines(on_texts(seen, lambda text: re.sub(r"\\[nN]", "\\\\\n", text)))


def libical_shows(seen: Seen) -> Seen:
    """libical 3, icalparser.c: strstriplt() takes the white space off each end of a line."""
    return without_spaces_at_the_end(seen)


def synced_khal_shows(seen: Seen) -> Seen:
    """vdirsyncer 0.21, vobject.py, _Component.parse(): blank lines are nothing."""
    return khal_shows(without_blank_lines(seen))


def khal_shows(seen: Seen) -> Seen:
    """khal 0.14, khalendar/event.py: attributes() strips a description."""
    return seen._replace(description=seen.description.strip())


def imported_khal_shows(seen: Seen) -> Seen:
    r"""What khal imports is written anew by icalendar 7.3, to which a literal "\N" is a line break,
    and which reads a value with "utf-8-sig": a byte order mark in front of it is gone."""
    meant = lambda text: text.removeprefix("\ufeff").replace("\\N", "\n")  # noqa: E731
    return khal_shows(on_texts(seen, meant))


def calcurse_shows(seen: Seen) -> Seen | None:
    """calcurse before 4.8 skips a summary with a line break, and says so; later, ical.c,
    ical_read_summary(), makes it a space. Its file has minutes; its notes and the times of its
    tasks are not looked at."""
    if "\n" in seen.title and programs.calcurse_version() < (4, 8):
        return None
    minutes = {
        name: getattr(seen, name).replace(second=0) for name in ("start", "end") if seen.start
    }
    return Seen(seen.title.replace("\n", " "), **minutes)


def caldav_shows(seen: Seen) -> Seen:
    """caldav 3.6, lib/vcal.py, fix(): white space at the end of a line "never makes sense", nor
    does a backslash in front of a quote. vobject 0.9 in Radicale, base.py: nor do blank lines."""
    shown = on_texts(seen, lambda text: re.sub(r"""\\+(['"])""", r"\1", text))
    return without_blank_lines(without_spaces_at_the_end(shown))


def todoman_shows(seen: Seen) -> Seen:
    """todoman 4.7, model.py, _date_from_db(): 0, the first second of 1970, is no time at all. And
    vdirsyncer, as above."""
    shown = without_blank_lines(seen)
    return shown._replace(due=None) if seen.due == programs.EPOCH else shown


def without_spaces_at_the_end(seen):
    return on_texts(seen, lambda text: text.rstrip(" \t"))


def without_blank_lines(seen):
    """A folded line is blank where a text has many spaces: those of one line are lost."""
    return on_texts(seen, lambda text: text.replace(GAP, GAP[LONGEST:]))


def on_texts(seen, change):
    return seen._replace(title=change(seen.title), description=change(seen.description))


OF_BOTH = [
    Client("ical.js", parsers.ical_js),
    Client("vobject", parsers.vobject_py),
    Client("libical", parsers.libical, libical_shows),
    Client("ics.py", parsers.ics_py, ics_shows),
    Client("Radicale and caldav", programs.caldav, caldav_shows),
    Client("calcurse", programs.calcurse, calcurse_shows),
]
OF_EVENTS = [
    *OF_BOTH,
    Client("khal import", programs.khal, imported_khal_shows),
    Client("vdirsyncer and khal", programs.vdirsyncer, synced_khal_shows),
]
OF_TASKS = [*OF_BOTH, Client("vdirsyncer and todoman", programs.todoman, todoman_shows)]


@pytest.mark.parametrize("client", OF_EVENTS, ids=lambda client: client.name)
def test_every_event_is_seen(client, feeds, tmp_path):
    dated = [as_event(todo) for todo in corpus() if todo.deadline]
    compare(client.read(feeds["VEVENT"], tmp_path), map(client.shows, dated))


@pytest.mark.parametrize("client", OF_TASKS, ids=lambda client: client.name)
def test_every_task_is_seen(client, feeds, tmp_path):
    compare(client.read(feeds["VTODO"], tmp_path), map(client.shows, map(as_task, corpus())))


@pytest.mark.parametrize("component", ["VEVENT", "VTODO"])
def test_the_files_pass_our_own_lint(component, feeds):
    expected = [todo for todo in corpus() if todo.deadline or component == "VTODO"]
    assert len(lint(feeds[component].file.read_bytes())) == len(expected)


def compare(seen, meant):
    seen, meant = Counter(seen), Counter(filter(None, meant))
    # The first few: all of them would fill a screen.
    assert (list(meant - seen)[:3], list(seen - meant)[:3]) == ([], [])
