"""An uploaded file: the body itself, or the one part of a form; on disk if large, up to a limit."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from taskoverflow.errors import BodyTooLarge, InvalidInput, UnsupportedMediaType

MAX_UPLOAD = 10 * 1024 * 1024  # bytes
FORM_OVERHEAD = 16 * 1024  # bytes: what a form has around its one file
SPOOL_IN_MEMORY = 1024 * 1024  # bytes
CHARSETS = (b"utf-8", b"us-ascii")
TOO_LARGE = f"The file is larger than {MAX_UPLOAD} bytes."


@asynccontextmanager
async def uploaded(request: Request, media_type: str) -> AsyncIterator[BinaryIO]:
    """The file that a request brings, as its body of this type or as the only part of a form.

    Raises UnsupportedMediaType, BodyTooLarge or InvalidInput.
    """
    given, options = parse_options_header(request.headers.get("content-type"))
    if request.headers.get("content-encoding", "identity") != "identity":
        raise UnsupportedMediaType("The body must not be compressed.")
    if options.get(b"charset", b"utf-8").lower() not in CHARSETS:
        raise UnsupportedMediaType("The file must be in UTF-8.")
    if given == media_type.encode():
        file = await _read_body(request)
    elif given == b"multipart/form-data":
        file = await _read_form(request)
    else:
        accepted = f"{media_type}, or a form (multipart/form-data) with one file"
        raise UnsupportedMediaType(f"The body must be {accepted}.")
    try:
        if not file.size:
            raise InvalidInput("file: must not be empty.", field="file")
        if file.size > MAX_UPLOAD:
            raise BodyTooLarge(TOO_LARGE)
        yield file.file
    finally:
        await file.close()


async def _read_body(request: Request) -> UploadFile:
    spool = SpooledTemporaryFile(max_size=SPOOL_IN_MEMORY)  # noqa: SIM115 (`uploaded` closes it)
    file = UploadFile(cast(BinaryIO, spool), size=0)
    try:
        async for chunk in _limited(request, MAX_UPLOAD):
            await file.write(chunk)
    except BaseException:
        await file.close()
        raise
    return file


async def _read_form(request: Request) -> UploadFile:
    # Not by request.form(), which would read a body of any size.
    stream = _limited(request, MAX_UPLOAD + FORM_OVERHEAD)
    try:
        form = await MultiPartParser(request.headers, stream, max_files=1, max_fields=0).parse()
    except MultiPartException as error:
        reason = f"file: must be the form's only part. {error.message}"
        raise InvalidInput(reason, field="file") from error
    files = [part for _, part in form.multi_items() if isinstance(part, UploadFile)]
    if not files:
        raise InvalidInput("file: must be a part of the form.", field="file")
    return files[0]


async def _limited(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    if int(request.headers.get("content-length", 0)) > most:
        raise BodyTooLarge(TOO_LARGE)
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise BodyTooLarge(TOO_LARGE)
        yield chunk
