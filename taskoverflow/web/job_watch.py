"""Live jobs: one poll of Redis for a whole process, however many clients watch."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from starlette.concurrency import run_in_threadpool

from taskoverflow.errors import QueueUnavailable, TooManyWatchers
from taskoverflow.jobqueue import JobQueue, JobView

POLL_INTERVAL = 0.25  # seconds; a worker reports its progress twice a second

logger = logging.getLogger(__name__)


class JobWatch:
    """Tells its watchers when a job changes; polls only while somebody watches."""

    def __init__(self, queue: JobQueue, most: int) -> None:
        """`most`: how many may watch at once in this process; 0: any number."""
        self._queue = queue
        self._most = most
        self._mailboxes: dict[str, set[asyncio.Queue[JobView | None]]] = {}
        self._seen: dict[str, JobView | None] = {}
        self._poll: asyncio.Task[None] | None = None

    async def changes(self, job_id: str) -> AsyncIterator[JobView]:
        """The job as it is, and again at each change, until it has ended or is gone.

        Raises NotFound, QueueUnavailable or TooManyWatchers if it cannot be had to begin with; an
        outage later on is waited out.
        """
        self.check_room()
        view: JobView | None = await run_in_threadpool(self._queue.get, job_id)
        with self._mailbox(job_id) as mailbox:
            while view is not None:
                yield view
                if view.ended:
                    return
                view = await _other(mailbox, view)

    async def wait(self, job_id: str, seconds: float) -> None:
        """Return when the job has ended or is gone, or the time is over. Raises as `changes`."""
        try:
            async with asyncio.timeout(seconds):
                async for _ in self.changes(job_id):
                    pass
        except TimeoutError:
            return

    def check_room(self) -> None:
        """Raises TooManyWatchers if no further one may watch."""
        if self._most and sum(map(len, self._mailboxes.values())) >= self._most:
            raise TooManyWatchers("Too many clients watch jobs; ask for the job now and then.")

    @contextmanager
    def _mailbox(self, job_id: str) -> Iterator[asyncio.Queue[JobView | None]]:
        mailbox: asyncio.Queue[JobView | None] = asyncio.Queue()
        self._mailboxes.setdefault(job_id, set()).add(mailbox)
        if self._poll is None or self._poll.done():
            self._poll = asyncio.create_task(self._poll_jobs())
        try:
            yield mailbox
        finally:
            self._mailboxes[job_id].discard(mailbox)
            if not self._mailboxes[job_id]:
                del self._mailboxes[job_id]
                self._seen.pop(job_id, None)

    async def _poll_jobs(self) -> None:
        while self._mailboxes:
            await asyncio.sleep(POLL_INTERVAL)
            job_ids = list(self._mailboxes)
            try:
                views = await run_in_threadpool(self._queue.get_many, job_ids)
            except QueueUnavailable as error:
                logger.warning("%s", error)
                continue
            for job_id, view in zip(job_ids, views, strict=True):
                self._deliver(job_id, view)

    def _deliver(self, job_id: str, view: JobView | None) -> None:
        if job_id in self._seen and _same(view, self._seen[job_id]):
            return
        self._seen[job_id] = view
        for mailbox in self._mailboxes.get(job_id, ()):
            mailbox.put_nowait(view)


async def _other(mailbox: asyncio.Queue[JobView | None], view: JobView) -> JobView | None:
    """The next state in the mailbox that is not the one that its owner has seen."""
    while True:
        new = await mailbox.get()
        if not _same(new, view):
            return new


def _same(one: JobView | None, other: JobView | None) -> bool:
    if one is None or other is None:
        return one is other
    return (one.status, one.progress, one.position, one.attempts) == (
        other.status,
        other.progress,
        other.position,
        other.attempts,
    )
