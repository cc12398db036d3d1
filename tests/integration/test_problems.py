"""Errors are problem details (RFC 9457), and each of them is a page that says what to do."""

import socket

import pytest

from taskoverflow.errors import every_error


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/todos?window=x", 400, "invalid_input"),
        ("GET", "/todos/7", 404, "not_found"),
        ("GET", "/nothing", 404, "not_found"),
        ("PUT", "/todos", 405, "method_not_allowed"),
        ("PUT", "/todos/bulk", 405, "method_not_allowed"),  # and no todo's address
        ("GET", "/calendars/9223372036854775808", 404, "not_found"),
        ("DELETE", "/todos/ical", 405, "method_not_allowed"),
        ("POST", "/todos", 415, "unsupported_media_type"),
    ],
)
def test_an_error_is_problem_details_and_keeps_the_contract_s_member(
    client, method, path, status, code
):
    answer = client.request(method, path, headers={"X-Request-ID": "abc"})
    problem = answer.json()
    assert answer.status_code == problem["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == f"/docs/errors/{code}"
    assert (problem["title"], problem["code"]) == (every_error()[code].title, code)
    assert problem["detail"] == problem["error"]
    assert problem["instance"] == f"/api/v1{path.partition('?')[0]}#abc"
    assert problem.get("field") == ("window" if status == 400 else None)


def test_what_is_no_http_gets_problem_details_too(client):
    with socket.create_connection((client.base_url.host, client.base_url.port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nBad Header: x\r\n\r\n")
        said = connection.makefile("rb").read()
    assert said.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"content-type: application/problem+json" in said
    assert b'"type":"/docs/errors/malformed_request"' in said


def test_each_kind_of_error_says_what_it_is_and_what_to_do():
    for code, kind in every_error().items():
        assert kind.__doc__, code
        assert "title" in vars(kind), code
        assert "advice" in vars(kind), code


def test_the_type_of_a_problem_is_a_page_that_says_what_to_do(client):
    problem = client.get("/todos/7").json()
    page = client.get(client.base_url.join(problem["type"]))
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert every_error()["not_found"].advice in page.text
    for code in every_error():
        assert client.get(client.base_url.join(f"/docs/errors/{code}")).status_code == 200
    assert client.get(client.base_url.join("/docs/errors/%3Cscript%3E")).status_code == 404


def test_the_docs_show_each_operation_of_the_document(client):
    document = client.get(client.base_url.join("/openapi.json")).json()
    page = client.get(client.base_url.join("/docs")).text
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert f"<b>{method.upper()}</b> {path}<" in page
            assert operation["summary"] in page
    assert 'href="/docs"' in client.get(client.base_url.join("/")).text
