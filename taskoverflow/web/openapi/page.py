"""GET /openapi.json."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from taskoverflow.web.conditional import ASK_FIRST, etag_of, not_modified
from taskoverflow.web.openapi.document import Document, make_document
from taskoverflow.web.openapi.headers import IF_NONE_MATCH
from taskoverflow.web.openapi.operation import Answer, Operation, describes
from taskoverflow.web.resource import Resource
from taskoverflow.web.responses import JSONResponse

HEADERS = ("ETag", "Cache-Control")


@describes(
    Operation(
        summary="This document",
        headers=(IF_NONE_MATCH,),
        answers={
            200: Answer(description="OpenAPI 3.1", schema=Document, headers=HEADERS),
            304: Answer(description="The client has it", headers=HEADERS),
        },
    )
)
async def show(request: Request) -> Response:
    """GET /openapi.json."""
    document = document_of(request.app)
    etag = etag_of(document)
    headers = {"ETag": etag, "Cache-Control": ASK_FIRST}
    return not_modified(request, etag) or JSONResponse(document, headers=headers)


def document_of(app: Starlette) -> Document:
    """The document, made once for each process."""
    if app.state.openapi is None:
        resources = [route for route in app.routes if isinstance(route, Resource)]
        app.state.openapi = make_document(resources, tokens=bool(app.state.tokens))
    document: Document = app.state.openapi
    return document
