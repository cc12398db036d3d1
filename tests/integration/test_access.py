"""Who gets in: tokens, sessions of browsers, names and foreign pages."""

import re
import subprocess
import sys

import httpx
import msgspec
import pytest

from taskoverflow.settings import SettingsError, read_settings
from taskoverflow.tokens import Scope, new_token, parse_tokens
from tests.conftest import environ, free_port, running_web, serving

TODO = {"title": "Water the plants"}
MADE = {scope: new_token(scope.name.lower(), scope) for scope in Scope}


def bearer(scope):
    return {"Authorization": f"Bearer {MADE[scope][0]}"}


@pytest.fixture
def guarded(settings):
    """A client of a server that knows a token of each scope; it sends none by itself."""
    entries = " ".join(entry for _, entry in MADE.values())
    yield from running_web(msgspec.structs.replace(settings, api_tokens=entries))


@pytest.fixture
def web(guarded):
    """The same server, as a browser sees it."""
    with httpx.Client(base_url=str(guarded.base_url).removesuffix("/api/v1/")) as browser:
        yield browser


def sign_in(web, scope=Scope.WRITE, **fields):
    return web.post("/login", data={"token": MADE[scope][0], **fields})


def test_nothing_is_told_to_who_has_no_token(guarded):
    for path in ("/todos", "/todos.csv", "/jobs", "/calendars", "/todos/1", "/jobs/x/events"):
        answer = guarded.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized"), path
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert guarded.post("/todos", json=TODO).status_code == 401
    assert guarded.get("/todos", headers=bearer(Scope.READ)).json() == []
    assert guarded.get("/health").json() == {"status": "ok"}


@pytest.mark.parametrize("scope", Scope)
def test_a_token_does_what_its_scope_allows(guarded, web, scope):
    headers = bearer(scope)
    assert guarded.get("/todos", headers=headers).status_code == 200
    added = guarded.post("/todos", json=TODO, headers=headers)
    assert added.status_code == (403 if scope < Scope.WRITE else 201)
    metrics = web.get("/metrics", headers=headers)
    assert metrics.status_code == (403 if scope < Scope.ADMIN else 200)


@pytest.mark.parametrize(
    "header",
    ["Bearer tov_x", "Bearer", "Basic dG86dG8=", "", "Token {admin}", "\xff"],
)
def test_what_is_no_token_is_refused(guarded, header):
    header = header.replace("{admin}", MADE[Scope.ADMIN][0])
    answer = guarded.get("/todos", headers={"Authorization": header.encode("latin-1")})
    assert answer.status_code == 401


def test_a_browser_is_asked_and_comes_back_to_where_it_was(web):
    asked = web.get("/")
    assert (asked.status_code, asked.headers["location"]) == (303, "/login?back=%2F")
    assert 'type="password"' in web.get("/login?back=%2F").text
    answer = sign_in(web, back="/?completed=true")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?completed=true")
    assert {"HttpOnly", "SameSite=lax"} <= set(answer.headers["set-cookie"].split("; "))
    assert MADE[Scope.WRITE][0] not in answer.headers["set-cookie"]
    assert web.get("/").status_code == 200
    assert web.get("/api/v1/todos").status_code == 200
    web.post("/logout", headers={"Sec-Fetch-Site": "same-origin"})
    assert web.get("/").status_code == 303


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https://evil.example", ""]
)
def test_a_sign_in_leads_nowhere_else(web, target):
    assert sign_in(web, back=target).headers["location"] == "/"


def test_a_wrong_token_gets_no_session(web):
    answer = web.post("/login", data={"token": "tov_wrong"})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert "tov_wrong" not in answer.text


def test_a_session_that_we_did_not_sign_is_none(web):
    sign_in(web)
    name, cookie = next(iter(web.cookies.items()))
    web.cookies.clear()
    forged = cookie[:-4] + ("AAAA" if not cookie.endswith("AAAA") else "BBBB")
    assert web.get("/api/v1/todos", headers={"Cookie": f"{name}={forged}"}).status_code == 401


def test_a_session_ends_with_its_token(settings, web):
    sign_in(web)
    cookie = web.headers.get("cookie") or "; ".join(f"{k}={v}" for k, v in web.cookies.items())
    others = MADE[Scope.READ][1]
    with serving(msgspec.structs.replace(settings, api_tokens=others, port=free_port())) as client:
        assert client.get("/todos", headers={"Cookie": cookie}).status_code == 401


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://evil.example"}, False),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({}, True),
    ],
)
def test_a_foreign_page_changes_nothing(client, headers, allowed):
    answer = client.post("/todos", json=TODO, headers=headers)
    assert answer.status_code == (201 if allowed else 403)
    assert len(client.get("/todos").json()) == allowed
    if not allowed:
        assert answer.json()["code"] == "foreign_page"


def test_a_page_of_our_own_is_known_by_its_origin_alone(client):
    origin = str(client.base_url).removesuffix("/api/v1/")
    assert client.post("/todos", json=TODO, headers={"Origin": origin}).status_code == 201


def test_a_session_without_a_browser_changes_nothing(web):
    sign_in(web)
    assert web.post("/api/v1/todos", json=TODO).status_code == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:6400", "[::1", "", "127.0.0.1.evil"]
)
def test_a_name_that_is_not_ours_is_refused(client, host):
    answer = client.get("/todos", headers={"Host": host})
    assert (answer.status_code, answer.json()["code"]) == (400, "untrusted_host")
    assert client.get("/health", headers={"Host": host}).status_code == 200


def test_links_are_built_from_the_public_address(settings):
    named = msgspec.structs.replace(settings, public_url="https://todos.example.org")
    with serving(named) as client:
        for host in ("todos.example.org", "localhost"):
            headers = {"Host": host, "X-Forwarded-Host": "evil.example"}
            answer = client.post("/todos/ical", headers=headers)
            assert answer.json()["task_url"].startswith("https://todos.example.org/api/v1/todos/")
        assert "max-age" in answer.headers["strict-transport-security"]


def test_forwarded_headers_of_a_stranger_are_not_believed(client):
    answer = client.post("/todos/ical", headers={"X-Forwarded-Proto": "https"})
    assert answer.json()["task_url"].startswith("http://")


def test_every_answer_carries_the_security_headers(client):
    base = str(client.base_url).removesuffix("/api/v1/")
    for path in ("/", "/api/v1/todos", "/api/v1/none", "/static/x/none", "/metrics"):
        headers = client.get(base + path).headers
        assert "unsafe" not in headers["content-security-policy"], path
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "same-origin"
        assert "server" not in headers


def test_scripts_of_other_pages_are_let_in_only_when_listed(settings):
    listed = msgspec.structs.replace(settings, cors_origins="https://app.example.org")
    ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "If-Match"}
    with serving(listed) as client:
        for origin, allowed in (("https://app.example.org", True), ("https://evil.example", False)):
            preflight = client.options("/todos", headers={"Origin": origin, **ask})
            assert ("access-control-allow-origin" in preflight.headers) == allowed
            headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
            added = client.post("/todos", json=TODO, headers=headers)
            assert added.status_code == (201 if allowed else 403)


def test_an_open_service_listens_on_loopback_only(settings):
    def serve(**changes):
        given = environ(msgspec.structs.replace(settings, host="0.0.0.0", **changes))
        command = [sys.executable, "-m", "taskoverflow.cli"]
        subprocess.run([*command, "migrate"], env=given, check=True)
        return subprocess.Popen([*command, "serve"], env=given, stderr=subprocess.PIPE, text=True)

    _, said = serve().communicate(timeout=30)
    assert "may not listen on 0.0.0.0 without API tokens" in said
    for allowed in ({"api_tokens": MADE[Scope.READ][1]}, {"allow_anonymous": True}):
        process = serve(**allowed)
        with pytest.raises(subprocess.TimeoutExpired):
            process.communicate(timeout=2)
        process.kill()
        process.communicate()


def test_a_new_token_is_let_in_by_its_entry():
    made = subprocess.run(
        [sys.executable, "-m", "taskoverflow.cli", "token", "new", "ci", "--scope", "read"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    token = re.search(r"tov_\S{43}", made)[0]
    entry = re.search(r"ci:read:[0-9a-f]{64}", made)[0]
    assert [found.scope for found in parse_tokens(entry)] == [Scope.READ]
    assert token not in entry


@pytest.mark.parametrize("entries", ["x", "a:read", "a:root:" + "0" * 64, "{read} {read}"])
def test_a_bad_entry_is_refused_and_not_shown(entries):
    given = entries.replace("{read}", MADE[Scope.READ][1])
    with pytest.raises(SettingsError, match="^TASKOVERFLOW_API_TOKENS: ") as refused:
        read_settings({"TASKOVERFLOW_API_TOKENS": given})
    assert "0" * 64 not in str(refused.value)
    assert MADE[Scope.READ][1] not in str(refused.value)
