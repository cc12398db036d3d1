"""Our own byte-level check of an iCalendar file, with RFC 5545's sections as its reasons."""

import re
from datetime import date, datetime

Properties = dict[str, str]

REQUIRED = {
    "VCALENDAR": {"PRODID", "VERSION"},
    "VEVENT": {"UID", "DTSTAMP", "DTSTART", "DTEND"},
    "VTODO": {"UID", "DTSTAMP"},
    "VALARM": {"ACTION", "TRIGGER", "DESCRIPTION"},  # 3.6.6, for ACTION:DISPLAY
}
MAY_STAND_IN = {
    "VCALENDAR": {None},
    "VEVENT": {"VCALENDAR"},
    "VTODO": {"VCALENDAR"},
    "VALARM": {"VEVENT", "VTODO"},
}

UTC = r":\d{8}T\d{6}Z"  # 3.3.5
UTC_OR_DATE = rf"{UTC}|;VALUE=DATE:\d{{8}}"
DURATION = r"P(?=.)(\d+W|(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?)"  # 3.3.6
# What comes after a property's name: its parameters and its value.
FORMS = {
    "DTSTAMP": UTC,
    "CREATED": UTC,
    "LAST-MODIFIED": UTC,
    "COMPLETED": UTC,
    "DTSTART": UTC_OR_DATE,
    "DTEND": UTC_OR_DATE,
    "DUE": UTC_OR_DATE,
    "SEQUENCE": r":\d+",
    "PERCENT-COMPLETE": r":(\d\d?|100)",
    "STATUS": r":(NEEDS-ACTION|COMPLETED)",
    "TRIGGER": rf";RELATED=(START|END):-?{DURATION}",
    "URL": r":[!-~]*",
    "SOURCE": r";VALUE=URI:[!-~]*",  # RFC 7986, 5.8
    "REFRESH-INTERVAL": rf";VALUE=DURATION:{DURATION}",  # RFC 7986, 5.7
}


def lint(data: bytes) -> list[Properties]:
    """Check a whole file, and return its events and tasks as name → value, still escaped.

    A name holds its parameters ("DUE;VALUE=DATE"); an alarm's begin with "VALARM ".
    """
    lines = _lines(data)
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-1] == "END:VCALENDAR"
    components = _components(lines)
    uids = [component["UID"] for component in components]
    assert len(uids) == len(set(uids)), "3.8.4.7: a UID is unique"
    return components


def _lines(data: bytes) -> list[str]:
    assert data.endswith(b"\r\n"), "3.1: a line ends with CRLF"
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", data), "3.1: CR and LF stand together only"
    assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", data), "3.1: no control characters"
    assert not re.search("[\ufffe\uffff]", data.decode("utf-8")), "RFC 4791: no such XML"
    for line in data.split(b"\r\n"):
        assert len(line) <= 75, "3.1: at most 75 octets"
        line.decode("utf-8")  # a fold never cuts a character
    return re.sub(r"\r\n[ \t]", "", data.decode("utf-8")).removesuffix("\r\n").split("\r\n")


def _components(lines: list[str]) -> list[Properties]:
    stack: list[tuple[str | None, Properties]] = [(None, {})]
    components: list[Properties] = []
    for line in lines:
        name, _, value = line.partition(":")
        parent, properties = stack[-1]
        if name == "BEGIN":
            assert parent in MAY_STAND_IN[value], "3.6: components nest"
            stack.append((value, {}))
        elif name == "END":
            assert parent == value, "3.6: components nest"
            _check(value, properties)
            stack.pop()
            if value == "VALARM":
                stack[-1][1].update({f"VALARM {key}": text for key, text in properties.items()})
            components += [properties] if value in ("VEVENT", "VTODO") else []
        else:
            _check_line(line, _names(properties))
            properties[name] = value
    return components


def _check_line(line: str, before: set[str]) -> None:
    match = re.fullmatch(r"([A-Z-]+)((;[^:]*)?:.*)", line)
    assert match, f"3.1: {line!r} is no content line"
    name, rest = match[1], match[2]
    assert name not in before, f"{name} stands twice"
    assert re.fullmatch(FORMS.get(name, ".*"), rest), f"{line!r} has another form"


def _check(kind: str, properties: Properties) -> None:
    assert _names(properties) >= REQUIRED[kind], f"{kind} lacks a required property"
    if kind == "VEVENT":
        _check_event(properties)
    if kind == "VTODO":
        _check_task(properties)


def _check_task(properties: Properties) -> None:
    names = _names(properties)
    assert "DTEND" not in names, "3.6.2: a task is DUE"
    done = properties["STATUS"] == "COMPLETED"
    assert ("COMPLETED" in names) == done == (properties["PERCENT-COMPLETE"] == "100")
    if "VALARM TRIGGER" in names:
        assert "VALARM TRIGGER;RELATED=END" in properties, "a task has no DTSTART"
        assert "DUE" in names, "3.8.6.3: an alarm's END is the task's DUE"


def _check_event(properties: Properties) -> None:
    whole = "DTSTART;VALUE=DATE" in properties
    assert whole == ("DTEND;VALUE=DATE" in properties), "3.8.2.2: DTEND is of DTSTART's type"
    read, form = (whole_day, ";VALUE=DATE") if whole else (moment, "")
    start, end = read(properties[f"DTSTART{form}"]), read(properties[f"DTEND{form}"])
    assert end > start, "3.8.2.2: DTEND is later"


def _names(properties: Properties) -> set[str]:
    return {name.partition(";")[0] for name in properties}


def moment(value: str) -> datetime:
    """A DATE-TIME value in UTC."""
    assert re.fullmatch(r"\d{8}T\d{6}Z", value), f"3.3.5: {value!r} is no UTC time"
    clock = (int(value[at : at + 2]) for at in (9, 11, 13))
    day = whole_day(value[:8])
    return datetime(day.year, day.month, day.day, *clock)


def whole_day(value: str) -> date:
    """A DATE value."""
    assert re.fullmatch(r"\d{8}", value), f"3.3.4: {value!r} is no date"
    return date(int(value[:4]), int(value[4:6]), int(value[6:]))


def unescape(value: str) -> str:
    """A TEXT value as it was meant (3.3.11)."""
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nN" else match[1], value)
