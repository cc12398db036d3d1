"""scripts/audit, against a stand-in for OSV: what it finds, and that it can do without."""

import json
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conftest import ON_CI

AUDIT = Path(__file__).parents[2] / "scripts" / "audit"
pytestmark = pytest.mark.skipif(
    not ON_CI and not find_spec("pip_audit"), reason="pip-audit comes with scripts/lint"
)


def vulnerable(name):
    fixed = {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "999.1"}]}
    package = {"name": name, "ecosystem": "PyPI"}
    affected = [{"package": package, "ranges": [fixed]}]
    return {"vulns": [{"id": "PYSEC-1-1", "summary": "It is made up.", "affected": affected}]}


@contextmanager
def osv(answers, status=200):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet for an answer: two would wait for each other
        disable_nagle_algorithm = True

        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps(answers.get(asked["package"]["name"], {})).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def audit(url):
    done = subprocess.run([AUDIT, "--osv-url", url], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_a_known_vulnerability_fails_and_is_named_with_what_mends_it():
    with osv({"starlette": vulnerable("starlette")}) as url:
        code, said = audit(url)
    assert code == 1
    assert said.startswith("starlette ")
    assert said.endswith(": PYSEC-1-1, mended in 999.1: It is made up.\n")


def test_without_any_it_passes_and_says_how_many_were_looked_at():
    with osv({}) as url:
        code, said = audit(url)
    assert code == 0
    assert said.startswith("Known vulnerabilities: none in 1")


def test_where_no_advisories_are_served_it_passes_in_one_sentence():
    with osv({}, status=404) as url:
        code, said = audit(url)
    assert (code, said.count("\n")) == (0, 1)
    assert "not looked for" in said


def test_without_a_network_it_passes_in_one_sentence():
    code, said = audit("http://127.0.0.1:9/")
    assert (code, said.count("\n")) == (0, 1)
    assert "not looked for" in said
