"""The time zones that a file speaks of, and its times in UTC."""

import re
import warnings
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import cast
from zoneinfo import ZoneInfo

from icalendar import Timezone
from icalendar.parser import Contentline
from icalendar.prop import vDDDTypes
from icalendar.timezone import TZP, use_zoneinfo

from jobs.calendar.structure import Component, ContentLine

# What real files have. dateutil goes through a rule's times one by one, at each question: a rule
# for each second would take it for ever, and so would INTERVAL=0.
HARMLESS = re.compile(r"FREQ=YEARLY|INTERVAL=1|(COUNT|UNTIL|BYMONTH|BYDAY|BYMONTHDAY|WKST)=[^;]+")
MOST_RULES = 10  # in one VTIMEZONE; Outlook has two, and some list a few decades' changes instead
LONGEST_DEFINITION = 64 * 1024  # octets


class Zones:
    """Time zones by their TZID: of the IANA, of Windows, or as a VTIMEZONE of the file has it."""

    def __init__(self, definitions: Iterable[Component], floating: tzinfo) -> None:
        """`floating` is the zone of times and days that name none."""
        self.floating = floating
        self._known = TZP()
        self._found: dict[str, tzinfo | None] = {}
        self._defined = {name: zone for name, zone in map(_define, definitions) if zone}
        use_zoneinfo()  # icalendar keeps each zone that it reads, as long as the process lives

    def find(self, tzid: str) -> tzinfo | None:
        """The zone that is meant, or None."""
        if tzid not in self._found:
            self._found[tzid] = self._look_up(tzid) or self._defined.get(tzid)
        return self._found[tzid]

    def _look_up(self, tzid: str) -> tzinfo | None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "/vendor/Europe/Berlin" is Europe/Berlin, it guesses
            try:
                return self._known.timezone(tzid)
            except (OSError, ValueError):  # a TZID is looked up as a path: "Europe" is a folder
                return None


def zone_named(name: str) -> tzinfo | None:
    """A zone of the IANA's."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return None


def in_utc(moment: datetime, zone: tzinfo) -> datetime:
    """A time as UTC without an offset; one without a zone is taken for one of `zone`.

    Raises ValueError for what is before the year 1 or after 9999.
    """
    try:
        aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return aware.astimezone(UTC).replace(tzinfo=None)
    except OverflowError as error:
        raise ValueError(str(error)) from error


def read_time(line: str, zones: Zones) -> tuple[datetime, tzinfo, bool]:
    """A DATE-TIME (RFC 5545, section 3.3.5) or DATE (3.3.4) property: the moment, or the day's
    first; the zone that it is of unless it is in UTC; and whether that one is known.

    Raises ValueError.
    """
    _, parameters, text = Contentline(line).parts()
    value = vDDDTypes.from_ical(text.strip())
    tzid = parameters.get("TZID")
    zone = zones.find(str(tzid)) if tzid else zones.floating
    if isinstance(value, datetime):
        return value, zone or zones.floating, bool(zone or value.tzinfo)
    if isinstance(value, date):
        day = datetime(value.year, value.month, value.day)  # noqa: DTZ001
        return day, zone or zones.floating, bool(zone)
    raise ValueError("no time")


def read_duration(line: str) -> timedelta:
    """A DURATION property (RFC 5545, section 3.3.6). Raises ValueError."""
    value = vDDDTypes.from_ical(Contentline(line).parts()[2].strip())
    if not isinstance(value, timedelta):
        raise ValueError("no duration")
    return value


def _define(component: Component) -> tuple[str, tzinfo | None]:
    """A VTIMEZONE (RFC 5545, section 3.6.5) as a zone; None for what makes none."""
    lines = [line for part in (component, *component.parts) for line in part.lines]
    rules = [line for line in lines if line.name in ("RRULE", "EXRULE")]
    too_long = sum(len(line.octets) for line in lines) > LONGEST_DEFINITION
    if too_long or len(rules) > MOST_RULES or not all(map(_is_harmless, rules)):
        return "", None
    try:
        definition = cast(Timezone, Timezone.from_ical(_as_text(component)))
        return str(definition["TZID"]), definition.to_tz(TZP(), lookup_tzid=False)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return "", None  # whatever dateutil stumbles on: the zone is not known then


def _is_harmless(rule: ContentLine) -> bool:
    parts = rule.value.upper().split(";")
    return "FREQ=YEARLY" in parts and all(map(HARMLESS.fullmatch, parts))


def _as_text(component: Component) -> str:
    inner = "".join(map(_as_text, component.parts))
    lines = "".join(f"{line.text}\r\n" for line in component.lines)
    return f"BEGIN:{component.name}\r\n{lines}{inner}END:{component.name}\r\n"
