"""Lua that Redis runs for a worker: several commands in one round trip, as one step.

Not for a Redis cluster, whose scripts must name all of their keys; RQ is not for one either. The
first line has Redis (7.0 or newer) refuse a script at its start, and not halfway, when it is full.
"""

from typing import Any, cast

from redis import Redis
from redis.client import Pipeline
from redis.commands.core import Script

# KEYS: the queue, and where what is popped stands until it starts. ARGV: what comes before an id
# in the name of a job's record.
POP = """#!lua
local id = redis.call('LMOVE', KEYS[1], KEYS[2], 'LEFT', 'RIGHT')
return id and {id, redis.call('HGETALL', ARGV[1] .. id)}
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


class Scripts:
    """The scripts, for one client."""

    def __init__(self, connection: Redis) -> None:
        self._pop: Script = connection.register_script(POP)
        self._run_if: Script = connection.register_script(RUN_IF)

    def pop(self, source: str, target: str, prefix: str) -> tuple[bytes, dict[bytes, bytes]] | None:
        """Move the first id of a list to the end of another; the id, and its record."""
        popped = cast(Any, self._pop([source, target], [prefix]))
        if popped is None:
            return None
        job_id, fields = popped
        return job_id, dict(zip(fields[::2], fields[1::2], strict=True))

    def run_if(self, guard: tuple[str, ...], wanted: str, pipeline: Pipeline) -> list[Any] | None:
        """Run a pipeline's commands, if the reply to `guard` is the wanted one ("": any but nil).

        Returns the replies, as Redis sent them, or None when it was another.
        """
        commands = [guard, *(command for command, _ in pipeline.command_stack)]
        words: list[Any] = [wanted]
        for command in commands:
            words += [len(command), *command]
        return cast("list[Any] | None", self._run_if([], words))
