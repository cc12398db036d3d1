"""What this service wants to reach, as ratios in one run, and whether it does."""

from typing import NamedTuple

from tests.bench.report import number, table


class Target(NamedTuple):
    """A figure, and what it should be at least (or at most)."""

    what: str
    figure: str
    at_least: float | None = None
    at_most: float | None = None
    limit: str = ""  # the figure that says how much there is to be reached

    def row(self, figures: dict[str, float]) -> list[str]:
        """The target, what it asks for, what was found, and whether that will do."""
        wanted = f"≥ {self.at_least:g}" if self.at_least is not None else f"≤ {self.at_most:g}"
        found = figures.get(self.figure)
        if found is None:
            return [self.what, wanted, "not measured", ""]
        low = self.at_least is None or found >= self.at_least
        reached = low and (self.at_most is None or found <= self.at_most)
        verdict = "reached" if reached else "**missed**"
        if not reached and (limit := figures.get(self.limit)):
            verdict += f"; the floor comes to {number(limit)}"
        return [self.what, wanted, number(found), verdict]


TARGETS = (
    *(
        target
        for name in ("GET one", "GET a page of 50", "POST")
        for target in (
            Target(f"{name}: requests/s, the practical's = 1, worst of 8 and 64 connections",
                   f"{name}, rate", at_least=3),
            Target(f"{name}: requests/s, the practical's = 1, one connection",
                   f"{name}, rate at one", at_least=3, limit=f"{name}, floor at one"),
            Target(f"{name}: p99, the practical's = 1, worst of 1, 8, 64 connections",
                   f"{name}, p99", at_most=1),
        )
    ),
    Target("submit with 100,000 todos: times as fast as the practical's", "submit, many", 100),
    Target("submit with 100,000 todos, with 10 = 1", "submit, many to few", at_most=1.5),
    Target("POST → SUCCESS with 10 todos: times as fast as Celery prefork",
           "POST → SUCCESS, few", 1),
    Target("POST → SUCCESS with 100,000 todos: times as fast as the practical's",
           "POST → SUCCESS, many", 5),
    Target("empty jobs/s per process, Celery's prefork child = 1", "jobs, Celery, prefork", 1),
    Target("empty jobs/s per process, RQ's Worker = 1", "jobs, RQ Worker", 10),
    Target("calendar writing, plain icalendar = 1", "calendar, icalendar", 20),
    Target("calendar writing: time, the string floor = 1", "calendar, floor", at_most=1.5),
    Target("week-8 load: users at which the practical's stack fails and this one does not",
           "load, users between", 1),
)  # fmt: skip


def table_of(figures: dict[str, float]) -> str:
    """The table of targets."""
    return table(["target", "wanted", "found", ""], [target.row(figures) for target in TARGETS])
