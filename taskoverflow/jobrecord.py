"""What the web and the workers agree on about a job in Redis, beyond RQ's own record of it.

The keys and fields are named here and nowhere else; this module imports nothing of RQ's.
"""

# Fields that we add to RQ's hash of a job; RQ leaves fields that it does not know alone.
ATTEMPTS = "attempts"  # how often a run of it was started
CANCEL_REQUESTED = "cancel_requested"  # set when a running job is to be stopped for good

# Entries of RQ's `meta`, which a job's record carries as JSON.
OFFER = "offer"  # the key under which equal requests find this job
PROGRESS = "progress"  # {"stage", "done", "total"}
ERROR = "error"  # {"code", "message"}: why the last run failed
REQUEST_ID = "request_id"  # of the request that queued it


def index_key(queue: str) -> str:
    """A sorted set of all jobs of a queue, by the time they were made (microseconds)."""
    return f"taskoverflow:jobs:{queue}"


def popped_key(queue: str) -> str:
    """A sorted set of jobs that were seen popped and not yet started, by the time (seconds)."""
    return f"taskoverflow:popped:{queue}"


def sweep_lock_key(queue: str) -> str:
    """Held for a moment by the worker that sweeps."""
    return f"taskoverflow:sweep:{queue}"


def turn_key(queue: str, task: str) -> str:
    """Held by the web process whose turn it is to do a task."""
    return f"taskoverflow:turn:{queue}:{task}"


def offer_key(queue: str, digest: str) -> str:
    """The id of the job that equal requests may join."""
    return f"taskoverflow:offer:{queue}:{digest}"


def client_key(queue: str, client: str) -> str:
    """A sorted set of a client's jobs, by the time (seconds) that they were queued."""
    return f"taskoverflow:client:{queue}:{client}"


def metrics_key(queue: str) -> str:
    """A hash of the workers' counters: see jobs.metrics."""
    return f"taskoverflow:metrics:{queue}"


# Upper bounds, in seconds, of the histograms that are kept there.
METRIC_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600)
