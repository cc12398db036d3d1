"""Sends hostile requests to a running service, and shows what came of it. Argument: how many."""

import random
import socket
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from urllib.parse import quote_from_bytes, urlsplit

import httpx
import psutil

from tests.fuzz.serve import service

API = "/api/v1"
JSON = "Content-Type: application/json"
TODO = b'{"title": "smuggled"}'
NASTY = [
    b"\0",
    b"\x01\x1f\x7f",
    b"\r\n",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    "\u202e\ufeff".encode(),
    b"../../etc/passwd",
    b"'; DROP TABLE todo; --",
    b"<script>alert(1)</script>",
    b"{{7*7}}",
    b"%s%n%x",
    b"9" * 400,
    b"-1",
    b"1e999",
    b"NaN",
    b"null",
    b"\xf0\x9f\x8e\x89" * 200,
    b"A" * 5000,
]
BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xef\xbb\xbf{}",
    b'{"title": "\\u0000"}',
    b'{"title": "\\ud800"}',
    b'{"title": "\xff"}',
    b'{"title": 1e999}',
    b'{"title": ' + b"9" * 5000 + b"}",
    b'{"title": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    b'{"title": "a", "id": 1}',
    b'{"title": "a", "completed": "no"}',
    b'{"title": "' + b"x" * 256 + b'"}',
    b'{"title": "a", "deadline_at": "2026-02-30T00:00:00"}',
    b'{"title": "a"} {"title": "b"}',
    b'{"title": "a", "deadline_at": "0001-01-01T00:00:00+23:59"}',
    b'{"operations": []}',
    b'{"operations": [{"op": "drop", "id": 1}]}',
    b'{"operations": [{"op": "complete", "id": 1e3}]}',
]
PATHS = [
    "/%2e%2e/%2e%2e/etc/passwd",
    "/static/x/..%2f..%2fsettings.py",
    "/static/%00/style.css",
    f"/{API}/todos",
    f"{API}//todos",
    f"{API}/todos;a=b",
    f"{API}/todos/%00",
    f"{API}/todos/1%2f..",
    f"{API}/todos/-1",
    f"{API}/todos/{'9' * 30}",
    f"{API}/todos/%D9%A1",
    f"{API}/todos/1/",
    f"{API}/jobs/%0d%0aX: y",
    f"{API}/jobs/..",
    f"{API}/jobs/{'a' * 3000}",
    "/%",
    "/%zz",
    "/\\",
    f"{API}/calendars/99999999999999999999",
    "/calendars/%ff/todos.ics",
    f"{API}/../../metrics",
    "http://evil.example/api/v1/todos",
    "//evil.example/",
    f"{API}/todos/ical/%2a/status",
    "*",
]
PARAMETERS = ["completed", "window", "q", "due_before", "due_after", "sort", "limit", "cursor", "x"]
HEADERS = [
    "Host: evil.example",
    "Host: localhost:99999",
    "Host: [::1",
    "X-Forwarded-For: \xff, ::1%eth0",
    "X-Forwarded-Proto: javascript",
    "Prefer: wait=99999999999",
    "Prefer: wait=-1, wait==",
    "Range: bytes=9-1,-0,5-",
    'If-Match: "',
    'If-None-Match: W/"\xe9", *',
    "Cookie: taskoverflow_session=.x.y",
    "Authorization: Bearer \xff\xff",
    "Authorization: Basic Og==",
    "Accept-Encoding: gzip;q=x, *;q=",
    "X-Request-ID: a\tb",
    'Idempotency-Key: "',
    "Content-Encoding: gzip",
    "Expect: 100-continue",
    "If-Modified-Since: Tue, 99 Foo 99999 25:61:61 GMT",
    "Upgrade: websocket",
    "Origin: null",
    "Sec-Fetch-Site: cross-site",
    "Connection: upgrade, keep-alive, x",
    'Forwarded: for="_x"',
]

Attack = Callable[[random.Random, str], bytes]


def request(method: str, target: str, token: str, *headers: str, body: bytes = b"") -> bytes:
    """A request that asks for the end of the connection."""
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", "Connection: close"]
    lines += [f"Authorization: Bearer {token}"] if token else []
    lines += [*headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def hostile_body(rng: random.Random, token: str) -> bytes:
    """JSON that is none, or not what is expected."""
    path = rng.choice(["/todos", "/todos/bulk", "/calendars"])
    types = [JSON, JSON, "Content-Type: text/plain", "Content-Type: application/json; charset=x"]
    return request("POST", API + path, token, rng.choice(types), body=rng.choice(BODIES))


def hostile_file(rng: random.Random, token: str) -> bytes:
    """An upload that is none."""
    kind = rng.choice([
        "text/calendar", "text/calendar; charset=utf-16", "multipart/form-data",
        "multipart/form-data; boundary=x", f"multipart/form-data; boundary={'b' * 3000}",
    ])  # fmt: skip
    part = b'--x\r\nContent-Disposition: form-data; name="\0"; filename="../../x"\r\n\r\n'
    body = rng.choice([b"", b"--x--", part, part + rng.choice(NASTY), rng.choice(NASTY)])
    return request("POST", f"{API}/todos/import", token, f"Content-Type: {kind}", body=body)


def hostile_query(rng: random.Random, token: str) -> bytes:
    """A query of random parameters with nasty values."""
    names = rng.choices(PARAMETERS, k=rng.randint(1, 4))
    query = "&".join(f"{name}={quote_from_bytes(rng.choice(NASTY))}" for name in names)
    path, method = rng.choice([("/todos", "GET"), ("/todos.csv", "GET"), ("/jobs", "GET"),
                               ("/todos/ical", "POST")])  # fmt: skip
    return request(method, f"{API}{path}?x={rng.random()}&{query}", token)


def hostile_path(rng: random.Random, token: str) -> bytes:
    """A path that means to lead elsewhere."""
    method = rng.choice(["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
    path = rng.choice([*PATHS, "/" + quote_from_bytes(rng.randbytes(20))])
    return request(method, path, token, JSON, body=b"{}" if method in ("PUT", "PATCH") else b"")


def hostile_header(rng: random.Random, token: str) -> bytes:
    """Headers that are wrong, on a harmless request."""
    known = rng.random() < 0.5
    path = rng.choice([f"{API}/todos", "/", f"{API}/jobs/x", "/login", "/month", "/metrics"])
    return request("GET", path, token if known else "", *rng.sample(HEADERS, rng.randint(1, 3)))


def smuggled(rng: random.Random, token: str) -> bytes:
    """A request with another in it, which a server that reads it in two ways would carry out."""
    inner = request("POST", f"{API}/todos", token, JSON, body=TODO)
    head = f"POST {API}/health HTTP/1.1\r\nHost: localhost\r\n".encode()
    size = str(len(inner)).encode()
    return head + rng.choice([
        b"Content-Length: " + size + b"\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
        b"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n" + size + b"\r\n" + inner,
        b"Content-Length: 1\r\nContent-Length: " + size + b"\r\n\r\n" + inner,
        b"Transfer-Encoding: xchunked\r\n\r\n" + inner,
        b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + inner,
        b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + inner,
        b"X: a\r\n Content-Length: 0\r\nContent-Length: " + size + b"\r\n\r\n" + inner,
        b"X: a\nContent-Length: +" + size + b"\r\n\r\n" + inner,
        b"Content-Length: 0x10\r\n\r\n" + inner,
        b"Content-Length: -1\r\n\r\n" + inner,
        b"Content-Length: 99999999999999999999999\r\n\r\n" + inner,
        b"X\0Y: a\r\n\r\n" + b"G",
    ])  # fmt: skip


def bad_chunks(rng: random.Random, token: str) -> bytes:
    """A chunked body that is none."""
    head = f"POST {API}/todos HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
    sizes = [b"-1", b"ffffffffffffffffff", b"x", b"", b"5;" + b"a" * 9000, b"3\n", b"0x5", b" 5"]
    chunks = rng.choice(sizes) + b"\r\n" + rng.choice(NASTY) + b"\r\n0\r\n\r\n"
    return f"{head}{JSON}\r\nTransfer-Encoding: chunked\r\n\r\n".encode() + chunks


def no_http(rng: random.Random, token: str) -> bytes:
    """What is no request, or no whole one."""
    return rng.choice([
        rng.randbytes(200), b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + rng.randbytes(50),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\n\r\n", b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\r\n" * 500, b"GET / HTTP/1.1\r\n\r\n", b"GET  /  HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 70_000, b"GET /" + b"a" * 70_000,
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 9000,
        request("GET", "/", token)[:-3],
    ])  # fmt: skip


ATTACKS: list[Attack] = [
    hostile_body, hostile_file, hostile_query, hostile_path, hostile_header, smuggled, bad_chunks,
]  # fmt: skip


def attacks(token: str, seed: int = 1) -> Iterator[bytes]:
    """Endless hostile requests, the same each time. One in fifty has to be waited out."""
    rng = random.Random(seed)
    while True:
        attack = no_http if rng.random() < 0.02 else rng.choice(ATTACKS)
        # From an address of its own, or wrong tokens would soon have all refused for a minute.
        client = ".".join(str(rng.randrange(256)) for _ in range(3))
        start = f"\r\nX-Forwarded-For: 10.{client}\r\nHost: localhost\r\n".encode()
        yield attack(rng, token).replace(b"\r\nHost: localhost\r\n", start, 1)


def send(address: tuple[str, int], data: bytes) -> str:
    """What the server answers first: its status, or that it says nothing and hangs up."""
    with socket.create_connection(address, timeout=20) as connection:
        try:
            connection.sendall(data)
            said = connection.recv(65536)
        except ConnectionError:
            return "hung up"
        except TimeoutError:
            return "HANGS"
    return said.split(b" ", 2)[1].decode() if said.startswith(b"HTTP/1.1 ") else "hung up"


def assail(url: str, token: str, number: int) -> Counter[str]:
    """Send so many and count the answers."""
    parts = urlsplit(url)
    address = (str(parts.hostname), int(parts.port or 0))
    with ThreadPoolExecutor(16) as threads:
        return Counter(
            threads.map(lambda data: send(address, data), islice(attacks(token), number))
        )


def main() -> int:
    """Print the counts; 1 unless all is as it should be."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with service() as (url, token, web):
        # From an address of its own: those of the attacks have tried too many tokens.
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "192.0.2.1"}
        with httpx.Client(base_url=url, headers=headers, timeout=20) as client:
            for title in ("one", "two", "three"):
                client.post(f"{API}/todos", json={"title": title})
            before = state_of(client)
            assail(url, token, min(number, 2000))  # what is loaded at first use is no leak
            process = psutil.Process(web.pid)
            memory = [process.memory_info().rss]
            counts = assail(url, token, number)
            memory.append(process.memory_info().rss)
            unchanged = state_of(client) == before
    print(f"{number} hostile requests: {dict(sorted(counts.items()))}")  # noqa: T201
    grown = (memory[1] - memory[0]) / 2**20
    print(f"memory: {memory[0] / 2**20:.1f} MiB before, {grown:+.1f} MiB after")  # noqa: T201
    print(f"todos, subscriptions and the server as before: {unchanged}")  # noqa: T201
    return 0 if unchanged and is_fended_off(counts) else 1


def state_of(client: httpx.Client) -> list[bytes]:
    """All that a hostile request could have changed."""
    return [client.get(f"{API}{path}").content for path in ("/todos", "/calendars")]


def is_fended_off(counts: Counter[str]) -> bool:
    """Whether each request had an answer or an end, and none an error of the server's."""
    return not any(status.startswith("5") or status == "HANGS" for status in counts)


if __name__ == "__main__":
    sys.exit(main())
