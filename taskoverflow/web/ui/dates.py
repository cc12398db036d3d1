"""Deadlines in a person's own words: on which day, at what time, and how soon."""

from datetime import date, datetime, time, timedelta

from taskoverflow.web.ui.messages import message
from taskoverflow.web.ui.viewer import Viewer

WEEKDAYS = message("dates.weekdays").split()
MONTHS = message("dates.months").split()
# A deadline that was given as a day alone: the last minute of it.
END_OF_DAY = time(23, 59)
THIS_WEEK = 7  # days, today among them: what is due tomorrow is not "later", not on a Sunday either
NEAR = {-1: "dates.yesterday", 0: "dates.today", 1: "dates.tomorrow"}


def deadline_label(deadline: datetime, now: datetime, viewer: Viewer) -> str:
    """`Today 18:00`, `Wed 25 Nov`, `1 Jan 2031 09:00`. Both times are UTC."""
    local, today = viewer.local(deadline), viewer.local(now).date()
    day = _day_label(local.date(), today)
    return day if local.time() == END_OF_DAY else f"{day} {clock_label(local.time(), viewer)}"


def clock_label(moment: time, viewer: Viewer) -> str:
    """`18:00`, or, for who has it so, `6 pm` and `6:30 pm`."""
    if not viewer.twelve_hours:
        return f"{moment:%H:%M}"
    half = message("dates.am" if moment.hour < 12 else "dates.pm")
    minutes = f":{moment:%M}" if moment.minute else ""
    return f"{moment.hour % 12 or 12}{minutes} {half}"


def long_day(day: date) -> str:
    """`Wednesday 25 November 2026`."""
    return message(
        "dates.long_day",
        weekday=WEEKDAYS[day.weekday()],
        day=day.day,
        month=MONTHS[day.month - 1],
        year=day.year,
    )


def month_label(day: date) -> str:
    """`November 2026`."""
    return message("dates.month", month=MONTHS[day.month - 1], year=day.year)


def group_of(deadline: datetime | None, now: datetime, viewer: Viewer) -> str:
    """The heading under which a todo stands: past, today, week, later or undated."""
    if deadline is None:
        return "undated"
    if deadline < now:
        return "past"
    days = (viewer.local(deadline).date() - viewer.local(now).date()).days
    if days == 0:
        return "today"
    return "week" if days < THIS_WEEK else "later"


def _day_label(day: date, today: date) -> str:
    away = (day - today).days
    if away in NEAR:
        return message(NEAR[away])
    month = MONTHS[day.month - 1][:3]
    if abs(away) < timedelta(days=180).days:
        return f"{WEEKDAYS[day.weekday()][:3]} {day.day} {month}"
    return f"{day.day} {month} {day.year}"
