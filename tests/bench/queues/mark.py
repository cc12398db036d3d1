"""What every empty job does: note the time, in 8 bytes at the end of a file that all share."""

import os
import struct
import time
from functools import cache
from pathlib import Path


@cache
def _file() -> int:
    return os.open(os.environ["BENCH_MARKS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def mark() -> dict[str, int]:
    """Note the time; what it returns is kept as the job's result by every queue."""
    os.write(_file(), struct.pack("d", time.time()))
    return {"events": 0}


def marks(path: Path) -> list[float]:
    """The times noted so far, in order."""
    data = path.read_bytes() if path.exists() else b""
    return sorted(struct.unpack(f"{len(data) // 8}d", data[: len(data) // 8 * 8]))
