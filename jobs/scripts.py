"""Lua that Redis runs for a worker: several commands in one round trip, as one step.

Not for a Redis cluster, whose scripts must name all of their keys; RQ is not for one either. The
first line has Redis (7.0 or newer) refuse a script at its start, and not halfway, when it is full.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from redis import Redis
from redis.client import Pipeline
from redis.commands.core import Script
from rq import Queue
from rq.job import Job
from rq.utils import as_text

# Stands for the id of a job that is not popped yet.
SOME_JOB = "__some_job__"

# KEYS: the queue, and where what is popped stands until it has started. ARGV: the id of a job that
# stands there already ('': pop one), what comes before an id in the name of a job's record, then
# each command, as the number of its words and the words.
START = f"""#!lua
local id = ARGV[1]
if id == '' then
    id = redis.call('LMOVE', KEYS[1], KEYS[2], 'LEFT', 'RIGHT')
    if not id then
        return false
    end
end
local key = ARGV[2] .. id
local record = redis.call('HGETALL', key)
local found = redis.call('HMGET', key, 'status', 'data')
local function this() return id end -- and not the id, in which a % would mean something
local starts = found[1] == 'queued' and found[2]
local at = 3
while starts and at <= #ARGV do
    local words = {{}}
    for word = at + 1, at + ARGV[at] do
        words[#words + 1] = string.gsub(ARGV[word], '{SOME_JOB}', this)
    end
    redis.call(unpack(words))
    at = at + ARGV[at] + 1
end
redis.call('LREM', KEYS[2], 1, id)
return {{id, record, starts and 1 or 0}}
"""

# ARGV: the reply to the first command that is wanted ('': any but nil), then each command, as the
# number of its words and the words.
RUN_IF = """#!lua
local at = 2
local function run_next()
    local last = at + ARGV[at]
    local reply = redis.call(unpack(ARGV, at + 1, last))
    at = last + 1
    return reply
end
local found = run_next()
if not found or (ARGV[1] ~= '' and ARGV[1] ~= found) then
    return false
end
local replies = {}
while at <= #ARGV do
    replies[#replies + 1] = run_next()
end
return replies
"""


class Popped(NamedTuple):
    """A job that was popped: its record as it was then, and whether it has started."""

    job_id: str
    record: dict[bytes, bytes]
    started: bool


class Scripts:
    """The scripts, for one client."""

    def __init__(self, connection: Redis) -> None:
        self._start: Script = connection.register_script(START)
        self._run_if: Script = connection.register_script(RUN_IF)

    def start(self, queue: Queue, job_id: str, pipeline: Pipeline) -> Popped | None:
        """Pop a job, or take the popped one of this id, and run a pipeline's commands if it waits.

        They name it SOME_JOB. What is not queued any more, or deleted, is popped and nothing else.
        """
        keys = [queue.key, queue.intermediate_queue_key]
        words = [job_id, Job.key_for(""), *_words(pipeline)]
        popped = cast(Any, self._start(keys, words))
        if popped is None:
            return None
        found, fields, started = popped
        record = dict(zip(fields[::2], fields[1::2], strict=True))
        return Popped(as_text(found), record, bool(started))

    def run_if(self, guard: tuple[str, ...], wanted: str, pipeline: Pipeline) -> list[Any] | None:
        """Run a pipeline's commands, if the reply to `guard` is the wanted one ("": any but nil).

        Returns the replies, as Redis sent them, or None when it was another.
        """
        words = [wanted, len(guard), *guard, *_words(pipeline)]
        return cast("list[Any] | None", self._run_if([], words))


def _words(pipeline: Pipeline) -> Iterator[Any]:
    """A pipeline's commands, each as the number of its words and the words."""
    for command, _ in pipeline.command_stack:
        yield len(command)
        yield from command
