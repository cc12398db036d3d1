"""What the workers count, kept in Redis so that every web process gives the same answer."""

from redis.client import Pipeline
from rq.exceptions import DeserializationError
from rq.job import Job

from jobs.allowed import FUNCTIONS
from taskoverflow import jobrecord

# Upper bounds in seconds; what takes longer is in the count alone.
BUCKETS = jobrecord.METRIC_BUCKETS


def record(pipeline: Pipeline, job: Job, outcome: str) -> None:
    """Have a pipeline count a run that has ended: how, how long it waited, how long it took.

    Fields: `ended|<function>|<outcome>`, and for `wait` and `duration` each
    `<name>|<function>|sum` (seconds), `…|count`, and `…|<bound>` for the bucket it falls in.
    """
    if not (job.enqueued_at and job.started_at and job.ended_at):
        return
    function = _function(job)
    times = {
        "wait": (job.started_at - job.enqueued_at).total_seconds(),
        "duration": (job.ended_at - job.started_at).total_seconds(),
    }
    key = jobrecord.metrics_key(job.origin)
    pipeline.hincrby(key, f"ended|{function}|{outcome}", 1)
    for name, seconds in times.items():
        bound = next((bound for bound in BUCKETS if seconds <= bound), "+Inf")
        pipeline.hincrby(key, f"{name}|{function}|{bound}", 1)
        pipeline.hincrbyfloat(key, f"{name}|{function}|sum", max(seconds, 0.0))


def _function(job: Job) -> str:
    """The function's name if it is one of ours: whoever forges a job must not name a series."""
    try:
        name = job.func_name
    except DeserializationError:
        name = ""
    return name if name and name in FUNCTIONS else "other"
