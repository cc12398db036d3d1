"""Our own byte-level check of an iCalendar file, with RFC 5545's sections as its reasons."""

import re
from datetime import datetime

REQUIRED = {
    "VCALENDAR": {"PRODID", "VERSION"},
    "VEVENT": {"UID", "DTSTAMP", "DTSTART", "DTEND"},
}


def lint(data: bytes) -> list[dict[str, str]]:
    """Check a whole file, and return its events as name → value, unfolded and still escaped."""
    text = data.decode("utf-8")
    assert data.endswith(b"\r\n"), "3.1: a line ends with CRLF"
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", data), "3.1: CR and LF stand together only"
    assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", data), "3.1: no control characters"
    assert all(len(line) <= 75 for line in data.split(b"\r\n")), "3.1: at most 75 octets"
    for line in data.split(b"\r\n"):
        line.decode("utf-8")  # a fold never cuts a character
    lines = re.sub(r"\r\n[ \t]", "", text).removesuffix("\r\n").split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-1] == "END:VCALENDAR"
    return _events(lines)


def _events(lines: list[str]) -> list[dict[str, str]]:
    stack: list[tuple[str, dict[str, str]]] = []
    events: list[dict[str, str]] = []
    for line in lines:
        name, _, value = line.partition(":")
        assert re.fullmatch(r"[A-Z-]+(;[^:]*)?", name), f"3.1: {line!r} is no content line"
        if name == "BEGIN":
            stack.append((value, {}))
        elif name == "END":
            kind, properties = stack.pop()
            assert kind == value, "3.6: components nest"
            assert set(properties) >= REQUIRED[kind], f"{kind} lacks a required property"
            events += [properties] if kind == "VEVENT" else []
        else:
            assert name not in stack[-1][1], f"{name} stands twice"
            stack[-1][1][name] = value
    uids = [event["UID"] for event in events]
    assert len(uids) == len(set(uids)), "3.8.4.7: a UID is unique"
    for event in events:
        assert moment(event["DTEND"]) > moment(event["DTSTART"]), "3.8.2.2: DTEND is later"
    return events


def moment(value: str) -> datetime:
    """A DATE-TIME value in UTC."""
    assert re.fullmatch(r"\d{8}T\d{6}Z", value), f"3.3.5: {value!r} is no UTC time"
    return datetime(
        int(value[:4]), int(value[4:6]), int(value[6:8]), int(value[9:11]), int(value[11:13]),
        int(value[13:15]),
    )  # fmt: skip


def unescape(value: str) -> str:
    """A TEXT value as it was meant (3.3.11)."""
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nN" else match[1], value)
