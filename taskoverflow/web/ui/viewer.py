"""Who looks at a page: their time zone, calendar and theme, as cookies say.

A browser with scripts sets the first three by itself (static/viewer.js); without, times are in UTC,
and every page says in which zone it shows them.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from msgspec import Struct
from starlette.requests import Request

Theme = Literal["system", "light", "dark"]
THEMES: tuple[Theme, ...] = ("system", "light", "dark")
DAYS = {str(number): number - 1 for number in range(1, 8)}  # ISO 8601: Monday is 1


class Viewer(Struct, frozen=True):
    """`first_weekday`: 0 for Monday. `zone`: a name of the time zone database."""

    zone: str = "UTC"
    first_weekday: int = 0
    twelve_hours: bool = False
    theme: Theme = "system"

    @property
    def place(self) -> str:
        """The zone as its people call it: `Brisbane`."""
        return self.zone.rpartition("/")[2].replace("_", " ")

    def local(self, moment: datetime) -> datetime:
        """A time of the store, as this person's clock shows it (without an offset)."""
        try:
            return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)
        except OverflowError:  # hours from the year 1 or 9999, which the API takes
            return moment

    def utc(self, local: datetime) -> datetime:
        """A time on this person's clock, as the store keeps it. Raises OverflowError.

        Of a time that comes twice (the clock goes back), the first; one that never comes (it goes
        forward) is as much later as the clock jumps: PEP 495.
        """
        return local.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC).replace(tzinfo=None)

    def start_of(self, day: date) -> datetime:
        """When the day begins here, in UTC. Raises OverflowError."""
        return self.utc(datetime.combine(day, time()))

    def end_of(self, day: date) -> datetime:
        """When the next day begins here, in UTC. Raises OverflowError."""
        return self.start_of(day + timedelta(days=1))


def viewer_of(request: Request) -> Viewer:
    """Who asks. A cookie that makes no sense counts as not there."""
    cookies = request.cookies
    zone, theme = cookies.get("zone"), cookies.get("theme")
    return Viewer(
        zone=zone if zone in _zones() else "UTC",
        first_weekday=DAYS.get(cookies.get("week", ""), 0),
        twelve_hours=cookies.get("clock") == "12",
        theme=theme if theme in THEMES else "system",
    )


def in_zone(viewer: Viewer, zone: str | None) -> Viewer:
    """The same person with the time zone in which a form was shown to them."""
    return msgspec.structs.replace(viewer, zone=zone if zone in _zones() else "UTC")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
