"""The OpenAPI document, held to the URL table; tests/documented.py holds real answers to it."""

import json
import re

import jsonschema_rs
import msgspec
import pytest

from taskoverflow.errors import every_error
from taskoverflow.web.openapi.document import make_document
from taskoverflow.web.openapi.operation import operation_of
from taskoverflow.web.resource import Resource
from taskoverflow.web.routes import API, routes

# What only browsers ask for.
UNDOCUMENTED = {
    "/", "/todos", "/todos/{todo_id}", "/month", "/exports", "/imports", "/subscriptions", "/docs",
    "/docs/errors/{code}", "/theme", "/login", "/logout", "/static/{version}/{name}",
}  # fmt: skip


@pytest.fixture(scope="module")
def document():
    return json.loads(msgspec.json.encode(make_document(routes(), tokens=True)))


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def test_each_route_and_method_is_in_the_document(document):
    served = {
        (route.path, method)
        for route in routes()
        if isinstance(route, Resource) and route.path not in UNDOCUMENTED
        for method in route.handlers
    }
    assert {(path, method) for path, method, _ in operations(document)} == served
    assert {route.path for route in routes()} >= UNDOCUMENTED


def test_each_handler_of_the_api_describes_itself():
    for route in routes():
        if route.path.startswith(API):
            for method, handler in route.handlers.items():
                assert operation_of(handler), f"{method} {route.path}"


def test_the_parameters_are_those_of_the_path_and_of_the_query_s_struct(document):
    for route in routes():
        for method, operation in document["paths"].get(route.path, {}).items():
            given = [(one["in"], one["name"]) for one in operation["parameters"]]
            assert len(given) == len(set(given)), (method, route.path)
            assert {name for place, name in given if place == "path"} == set(route.param_convertors)
            query = operation_of(route.handlers[method]).query
            names = query.__struct_fields__ if query else ()
            assert {name for place, name in given if place == "query"} == set(names)


def test_each_operation_has_what_a_reader_needs(document):
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    for path, method, operation in operations(document):
        where = f"{method} {path}"
        assert operation["summary"], where
        assert {"400", "408", "414", "431", "500"} <= set(operation["responses"]), where
        changes = method != "get"
        assert ("403" in operation["responses"]) >= changes, where
        for one in operation["parameters"]:
            assert one.get("description") or one["in"] == "query", (where, one)


def test_each_error_is_in_the_document_unless_no_operation_answers_with_it(document):
    said = json.dumps(document["paths"])
    others = {"broken_calendar", "upload_expired", "method_not_allowed"}
    assert {code for code in every_error() if f"`{code}`" not in said} == others


def test_each_reference_leads_somewhere_and_each_example_fits(document):
    for reference in re.findall(r'"\$ref": "#/(.*?)"', json.dumps(document)):
        found = document
        for part in reference.split("/"):
            found = found[part]
    for _, _, operation in operations(document):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            if "example" in content:
                schema = {**content["schema"], "components": document["components"]}
                jsonschema_rs.Draft202012Validator(schema).validate(content["example"])


def test_an_open_service_asks_for_no_token():
    said = msgspec.json.encode(make_document(routes(), tokens=False))
    assert b'"security"' not in said
    assert b"securitySchemes" not in said
