"""Whatever comes in is a value or InvalidInput: every schema of a body and of a query."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from taskoverflow.errors import InvalidInput
from taskoverflow.web.openapi.operation import JSON, operation_of
from taskoverflow.web.routes import routes
from taskoverflow.web.schemas.body import check_fields, decode
from taskoverflow.web.schemas.bulk import Bulk, store_operations
from taskoverflow.web.schemas.calendars import CalendarQuery, NewFeed, job_options
from taskoverflow.web.schemas.query import read_query

OPERATIONS = [
    operation
    for route in routes()
    for handler in route.handlers.values()
    if (operation := operation_of(handler))
]
# In the order of the table: the processes of a parallel run must agree on it.
BODIES = list(
    dict.fromkeys(
        one.body.schemas[JSON] for one in OPERATIONS if one.body and JSON in one.body.schemas
    )
)
QUERIES = list(dict.fromkeys(one.query for one in OPERATIONS if one.query))

# JSON has lone surrogates, as escapes; hypothesis's text has none of its own.
texts = st.text(st.characters(codec=None), max_size=300)
numbers = st.integers() | st.floats() | st.integers(-(10**400), 10**400)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda some: st.lists(some, max_size=4) | st.dictionaries(texts, some, max_size=4),
    max_leaves=20,
)


def shaped(schema):
    """A body of the right names, each with the right value or any."""
    names = st.sampled_from([*schema.__struct_fields__, "op", "id", "todo"])
    inner = st.dictionaries(names, values, max_size=5)
    return st.dictionaries(names, values | inner | st.lists(inner, max_size=3), max_size=5) | values


def use(body):
    """Do with a body what its handler does."""
    match body:
        case Bulk():
            store_operations(body)
        case NewFeed():
            check_fields(body)
            job_options(body)
        case _:
            check_fields(body)


@pytest.mark.parametrize("schema", BODIES, ids=lambda schema: schema.__name__)
@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_any_json_is_a_body_or_invalid_input(schema, data):
    raw = json.dumps(data.draw(shaped(schema))).encode()
    cut = data.draw(st.integers(0, len(raw)) | st.just(len(raw)))
    raw = raw[:cut] + data.draw(st.binary(max_size=3) | st.just(b""))
    try:
        use(decode(raw, schema))
    except InvalidInput as error:
        # What is said to the client can be said.
        msgspec.json.encode(error.field + error.message)


@pytest.mark.parametrize("schema", QUERIES, ids=lambda schema: schema.__name__)
@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_any_query_is_the_struct_or_invalid_input(schema, data):
    names = st.sampled_from([name.encode() for name in schema.__struct_fields__])
    pairs = st.lists(st.tuples(names | st.binary(max_size=5), st.binary(max_size=40)), max_size=4)
    query = b"&".join(name + b"=" + value for name, value in data.draw(pairs))
    request = Request({"type": "http", "headers": [], "query_string": query})
    try:
        read = read_query(request, schema)
        if isinstance(read, CalendarQuery):
            job_options(read)
    except InvalidInput as error:
        msgspec.json.encode(error.message)
