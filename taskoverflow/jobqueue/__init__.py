"""The gateway to RQ. The web submits, asks and cancels here, and imports neither rq nor redis."""

from taskoverflow.jobqueue.gateway import JobQueue
from taskoverflow.jobqueue.kinds import GENERATE_ICAL, IMPORT_TODOS, JOB_KINDS, REFRESH_FEED
from taskoverflow.jobqueue.stats import QueueStats
from taskoverflow.jobqueue.view import ENDED, JobPage, JobView, Status

__all__ = [
    "ENDED",
    "GENERATE_ICAL",
    "IMPORT_TODOS",
    "JOB_KINDS",
    "REFRESH_FEED",
    "JobPage",
    "JobQueue",
    "JobView",
    "QueueStats",
    "Status",
]
