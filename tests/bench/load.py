"""A load generator: so many connections, each with one request after another, for so many seconds.

Run as a process of its own, with what to do as JSON on its stdin; says what it saw as JSON. One
thread and raw sockets: it takes some 30 µs for a request, so that the server is what is measured.
A server that closes a connection after its answer, as gunicorn's sync workers do, gets a new one.
"""

import json
import selectors
import socket
import sys
import time
from collections import Counter
from typing import Any, NamedTuple

Wanted = dict[str, Any]


class Answer(NamedTuple):
    """What is known of the answer that is being read: where it ends, and what follows."""

    status: int
    end: int
    closes: bool


class Connection:
    """One connection; `at` is the request it is at, of a list that all share."""

    def __init__(self, address: tuple[str, int], at: int) -> None:
        self.address = address
        self.at = at
        self.received = b""
        self.answer: Answer | None = None
        self.started_at = 0.0
        self.socket: socket.socket

    def open(self, selector: selectors.BaseSelector) -> None:
        self.socket = socket.create_connection(self.address, timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(self.socket, selectors.EVENT_READ, self)

    def close(self, selector: selectors.BaseSelector) -> None:
        selector.unregister(self.socket)
        self.socket.close()

    def read(self) -> Answer | None:
        """Read what is there; the answer, once it is whole. Raises ConnectionError."""
        data = self.socket.recv(262_144)
        if not data:
            raise ConnectionError
        self.received += data
        if self.answer is None and (head := self.received.find(b"\r\n\r\n")) >= 0:
            self.answer = _parse(self.received[:head].lower(), head + 4)
        if self.answer is None or len(self.received) < self.answer.end:
            return None
        answer, self.answer, self.received = self.answer, None, b""
        return answer


def _parse(head: bytes, end: int) -> Answer:
    status = int(head[9:12])
    at = head.find(b"content-length:")
    if at >= 0 and status != 304:
        end += int(head[at + 15 :].split(b"\r\n", 1)[0])
    return Answer(status, end, b"connection: close" in head)


def generate(wanted: Wanted) -> dict[str, Any]:
    """Send `requests` in turn over `connections` to `address` for `seconds`, after `warm_up`.

    Returns `seconds`, `latencies` (seconds, in order of size), `statuses` and `broken` (connections
    that failed): of what ended after the warm-up. To count what began after it would wrong a slow
    server, whose answers to the first and the last come too early and too late.
    """
    requests = [text.encode() for text in wanted["requests"]]
    address = (wanted["address"][0], wanted["address"][1])
    count = wanted["connections"]
    step = max(1, len(requests) // count)
    connections = [Connection(address, number * step) for number in range(count)]
    latencies: list[float] = []
    statuses: Counter[int] = Counter()
    broken = 0
    clock = time.perf_counter
    with selectors.DefaultSelector() as selector:
        begin = clock() + wanted["warm_up"]
        end = begin + wanted["seconds"]
        for connection in connections:
            _send(connection, requests, selector, clock(), fresh=True)
        while (now := clock()) < end:
            for key, _ in selector.select(0.1):
                connection = key.data
                try:
                    answer = connection.read()
                    if answer is None:
                        continue
                    if (now := clock()) >= begin:
                        latencies.append(now - connection.started_at)
                        statuses[answer.status] += 1
                    closes = answer.closes
                except OSError:
                    broken += now >= begin
                    closes = True
                if closes:
                    connection.close(selector)
                _send(connection, requests, selector, clock(), fresh=closes)
    return {
        "seconds": wanted["seconds"],
        "latencies": sorted(latencies),
        "statuses": statuses,
        "broken": broken,
    }


def _send(
    connection: Connection,
    requests: list[bytes],
    selector: selectors.BaseSelector,
    now: float,
    *,
    fresh: bool,
) -> None:
    connection.at = (connection.at + 1) % len(requests)
    connection.started_at = now
    if fresh:
        connection.received, connection.answer = b"", None
        connection.open(selector)
    connection.socket.sendall(requests[connection.at])


if __name__ == "__main__":
    json.dump(generate(json.load(sys.stdin)), sys.stdout)
