"""A browser's session: a signed cookie that says by which token somebody came in.

The token itself is not in it. A token that is taken out of the settings takes its sessions along.
"""

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from taskoverflow.store.calls import call_store
from taskoverflow.store.instance import session_key
from taskoverflow.tokens import ApiToken

COOKIE = "taskoverflow_session"
LIFETIME = 30 * 86400  # seconds


async def begin(request: Request, response: Response, token: ApiToken) -> None:
    """Hand out the cookie. Reads the database at the first time."""
    signer = await _signer(request.app)
    response.set_cookie(
        COOKIE,
        signer.dumps([token.name, token.digest[:16]]),
        max_age=LIFETIME,
        httponly=True,
        samesite="lax",  # "strict" would ask for the token again after each link from elsewhere
        secure=request.url.scheme == "https",
    )


def end(response: Response) -> None:
    """Take the cookie back."""
    response.delete_cookie(COOKIE)


async def find(app: Starlette, cookie: str) -> ApiToken | None:
    """The token by which the cookie was had, if both are still good."""
    signer = await _signer(app)
    try:
        name, digest = signer.loads(cookie, max_age=LIFETIME)
    except (BadSignature, ValueError):
        return None
    tokens: tuple[ApiToken, ...] = app.state.tokens
    return next((t for t in tokens if t.name == name and t.digest.startswith(digest)), None)


async def _signer(app: Starlette) -> URLSafeTimedSerializer:
    if app.state.session_signer is None:
        key = await call_store(app.state.database, session_key)  # the same in each web process
        app.state.session_signer = URLSafeTimedSerializer(key, salt="session")
    signer: URLSafeTimedSerializer = app.state.session_signer
    return signer
