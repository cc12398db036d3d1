"""A file's components (RFC 5545, section 3.6) and their content lines (3.1), one by one.

icalendar's own parser holds all components at once, 8 kB each; it takes a file that was cut off for
a whole one, and any END for the one that is due.
"""

import re
from collections.abc import Iterator
from io import BytesIO

from msgspec import Struct

from taskoverflow.errors import BrokenCalendar

NAME = re.compile(rb"([A-Za-z0-9-]{1,64})[;:]")
COMPONENT = re.compile(r"[A-Z0-9-]{1,64}")
DEEPEST = 8  # components in each other; an alarm is the third
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
UTF_8_MARK = b"\xef\xbb\xbf"


class ContentLine(Struct, frozen=True):
    """An unfolded line, still as octets; `number` is where it begins in the file (1, 2, …)."""

    number: int
    name: str
    octets: bytes

    @property
    def text(self) -> str:
        """The whole line. Raises BrokenCalendar for what is not UTF-8."""
        try:
            return self.octets.decode()
        except UnicodeDecodeError as error:
            raise BrokenCalendar(self.number, "is not in UTF-8") from error

    @property
    def value(self) -> str:
        """What comes after the first colon, for a property that has no parameters."""
        return self.text.partition(":")[2].strip()


class Component(Struct):
    """A component, the calendar that it stands in, and what it is made of."""

    name: str
    line: int
    calendar: "Component | None"
    lines: list[ContentLine]
    parts: "list[Component]"


def components(data: bytes) -> Iterator[Component]:
    """The components right below a VCALENDAR, each once it has ended.

    Raises BrokenCalendar, when it gets there, for whatever makes the file as a whole unreadable.
    """
    stack: list[Component] = []
    for line in content_lines(data):
        if line.name == "BEGIN":
            _begin(stack, line)
        elif not stack:
            raise BrokenCalendar(line.number, "stands outside of any calendar")
        elif line.name == "END":
            ended = _end(stack, line)
            if len(stack) == 1:
                yield ended
            elif stack:
                stack[-1].parts.append(ended)
        else:
            stack[-1].lines.append(line)
    if stack:
        unended = stack[-1]
        raise BrokenCalendar(unended.line, f"begins a {unended.name} that the file does not end")


def content_lines(data: bytes) -> Iterator[ContentLine]:
    """The lines, unfolded as octets: some writers fold within a UTF-8 sequence.

    Raises BrokenCalendar.
    """
    number, pieces = 1, [b""]
    for at, physical in enumerate(BytesIO(_checked(data)), 1):
        octets = physical.rstrip(b"\r\n")
        if octets[:1] in (b" ", b"\t"):
            pieces.append(octets[1:])
        elif octets:
            if pieces != [b""]:
                yield _content_line(number, b"".join(pieces))
            number, pieces = at, [octets]
    if pieces == [b""]:
        raise BrokenCalendar(1, "should be BEGIN:VCALENDAR, and the file is empty")
    yield _content_line(number, b"".join(pieces))


def _checked(data: bytes) -> bytes:
    if data.startswith(UTF_16):
        raise BrokenCalendar(1, "is in UTF-16, and should be in UTF-8")
    if (at := data.find(b"\0")) != -1:
        raise BrokenCalendar(data.count(b"\n", 0, at) + 1, "holds a NUL character")
    return data.removeprefix(UTF_8_MARK)


def _content_line(number: int, octets: bytes) -> ContentLine:
    match = NAME.match(octets)
    if not match or b":" not in octets:
        raise BrokenCalendar(number, "is no content line (NAME:value)")
    return ContentLine(number, match[1].decode().upper(), octets)


def _begin(stack: list[Component], line: ContentLine) -> None:
    name = _component_name(line)
    if not stack and name != "VCALENDAR":
        raise BrokenCalendar(line.number, "should be BEGIN:VCALENDAR")
    if len(stack) == DEEPEST:
        raise BrokenCalendar(line.number, f"begins a component in {DEEPEST} others")
    stack.append(Component(name, line.number, stack[0] if stack else None, [], []))


def _end(stack: list[Component], line: ContentLine) -> Component:
    name, due = _component_name(line), stack[-1]
    if name != due.name:
        expected = f"where {due.name} of line {due.line} should end"
        raise BrokenCalendar(line.number, f"ends a {name} {expected}")
    return stack.pop()


def _component_name(line: ContentLine) -> str:
    name = line.value.upper()
    if not COMPONENT.fullmatch(name):
        raise BrokenCalendar(line.number, "names no component")
    return name
