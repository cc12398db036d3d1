"""What a browser is told to refuse, whatever the answer is."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    # Scripts and styles from our own files alone: what slips into a page as text cannot run.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not "no-referrer", with which a form of our own comes with the Origin "null".
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
ENCODED = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
HSTS = "max-age=31536000"


class SecurityHeaders:
    """ASGI middleware. A route may set one of these headers itself: then that one stays.

    `https`: people reach the service by TLS, whatever a proxy makes of it.
    """

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self.app = app
        self.https = https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to the answer; HSTS only by TLS (RFC 6797, section 7.2)."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = message["headers"]
                names = {name for name, _ in given}
                given.extend(pair for pair in ENCODED if pair[0] not in names)
                if self.https or scope["scheme"] == "https":
                    MutableHeaders(scope=message)["Strict-Transport-Security"] = HSTS
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)
