"""The token in the Authorization header (RFC 6750, section 2.1)."""

from starlette.requests import HTTPConnection

from taskoverflow.tokens import ApiToken, find_token


def bearer_token(connection: HTTPConnection) -> ApiToken | None:
    """The token that a request sends, if it is one that is known here."""
    scheme, _, credentials = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    return find_token(connection.app.state.tokens, credentials.strip())
