"""atheris on the reader of queries: the struct, held to its bounds, or InvalidInput."""

import sys

import atheris

with atheris.instrument_imports(include=["taskoverflow"]):
    import msgspec
    from starlette.requests import Request

    from taskoverflow.errors import InvalidInput
    from taskoverflow.web.schemas.calendars import CalendarQuery, job_options
    from taskoverflow.web.schemas.imports import ImportQuery, import_options
    from taskoverflow.web.schemas.jobs import JobQuery
    from taskoverflow.web.schemas.query import read_query
    from taskoverflow.web.schemas.todos import TodoListQuery

SCHEMAS = [TodoListQuery, CalendarQuery, ImportQuery, JobQuery]
NAMES = sorted({name for schema in SCHEMAS for name in schema.__struct_fields__})


def try_one(data: bytes) -> None:
    """Read a query whose parameters are known ones, as often as not."""
    provider = atheris.FuzzedDataProvider(data)
    schema = provider.PickValueInList(SCHEMAS)
    parts = []
    for _ in range(provider.ConsumeIntInRange(0, 3)):
        name = provider.PickValueInList(NAMES) if provider.ConsumeBool() else "x"
        parts.append(name.encode() + b"=" + provider.ConsumeBytes(30))
    query_string = b"&".join([*parts, provider.ConsumeBytes(20)])
    request = Request({"type": "http", "headers": [], "query_string": query_string})
    try:
        use(read_query(request, schema))
    except InvalidInput:
        return


def use(query: msgspec.Struct) -> None:
    """Do with a query what its handler does."""
    msgspec.convert(msgspec.to_builtins(query), type(query))  # holds it to its bounds
    match query:
        case TodoListQuery():
            assert query.filter is not None
            assert query.order is not None
            assert query.after is None or query.after.id > 0
        case CalendarQuery():
            job_options(query)
        case ImportQuery():
            import_options(query)


atheris.Setup(sys.argv, try_one)
atheris.Fuzz()
