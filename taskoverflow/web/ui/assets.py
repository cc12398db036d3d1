"""Style sheet, scripts and icons: read once, compressed once, cached by browsers for a year.

All are served below one folder that is named for what is in them, so that a script finds its
neighbours by relative imports and a changed file is never taken from a cache.
"""

import gzip
import json
import mimetypes
import re
from functools import cache
from hashlib import sha256
from pathlib import Path

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from taskoverflow.web.calendar_file import accepts_gzip
from taskoverflow.web.ui.messages import ENGLISH

FOLDER = Path(__file__).parent / "static"
IMPORT = re.compile(r'^import .* from "\./([a-z]+\.js)";$', re.MULTILINE)
FOREVER = "public, max-age=31536000, immutable"


class Asset(Struct, frozen=True):
    """A file, plain and compressed."""

    media_type: str
    plain: bytes
    compressed: bytes


async def show(request: Request) -> Response:
    """GET /static/{version}/{name}."""
    asset = assets().get(request.path_params["name"])
    if asset is None:
        raise HTTPException(404)
    # While several web processes change to a new release, a page of the one may ask the other: it
    # gets what there is, but must not keep it under that name.
    known = request.path_params["version"] == version()
    headers = {"Cache-Control": FOREVER if known else "no-store", "Vary": "Accept-Encoding"}
    if not accepts_gzip(request.headers.get("accept-encoding", "")):
        return Response(asset.plain, headers=headers, media_type=asset.media_type)
    headers["Content-Encoding"] = "gzip"
    return Response(asset.compressed, headers=headers, media_type=asset.media_type)


@cache
def assets() -> dict[str, Asset]:
    """All files by name; the scripts' words are among them as messages.js."""
    files = {path.name: path.read_bytes() for path in sorted(FOLDER.iterdir()) if path.is_file()}
    words = json.dumps(ENGLISH, ensure_ascii=False)
    files["messages.js"] = f"export const MESSAGES = {words};\n".encode()
    return {
        name: Asset(_media_type(name), data, gzip.compress(data, 9, mtime=0))
        for name, data in files.items()
    }


@cache
def version() -> str:
    """Names the bytes of all files together."""
    digest = sha256()
    for name, asset in sorted(assets().items()):
        digest.update(name.encode() + b"\0" + asset.plain + b"\0")
    return digest.hexdigest()[:12]


def url(name: str) -> str:
    """The address of a file. Raises KeyError for one that is not there."""
    assets()[name]
    return f"/static/{version()}/{name}"


@cache
def modules(script: str) -> list[str]:
    """The addresses of all that a script imports, so that a browser fetches them together."""
    found: dict[str, None] = {}
    waiting = [script]
    while waiting:
        name = waiting.pop()
        for imported in IMPORT.findall(assets()[name].plain.decode()):
            if imported not in found:
                found[imported] = None
                waiting.append(imported)
    return [url(name) for name in found if name != script]


def _media_type(name: str) -> str:
    if name.endswith(".js"):
        return "text/javascript"  # the system's table may say otherwise, and modules are strict
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
