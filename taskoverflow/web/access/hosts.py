"""Under which names the service is reached: a forged Host header never lands in a link."""

from functools import lru_cache
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from taskoverflow.errors import UntrustedHost
from taskoverflow.exposure import is_loopback
from taskoverflow.settings import Settings, listed
from taskoverflow.web.responses import render_error

# A load balancer asks for these by the address of a machine.
PROBES = frozenset({"/api/v1/health", "/livez", "/readyz"})


class TrustedHosts:
    """ASGI middleware: refuses names that are not ours, and sees to it that links have ours.

    A foreign page whose name has come to mean 127.0.0.1 (DNS rebinding) is, to its browser, one of
    ours: only the Host header tells. With TASKOVERFLOW_PUBLIC_URL, whatever builds an absolute URL
    from the request builds it upon that.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.public = urlsplit(settings.public_url) if settings.public_url else None
        names = [settings.host, *listed(settings.allowed_hosts)]
        if self.public and self.public.hostname:
            names.append(self.public.hostname)
        self.names = frozenset(name.lower().strip("[]") for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under our own name, or refuse it."""
        if scope["type"] == "http" and scope["path"] not in PROBES:
            if not self._is_ours(Headers(scope=scope).get("host", "")):
                answer = render_error(Request(scope), UntrustedHost(NOT_OURS))
                await answer(scope, receive, send)
                return
            if self.public:
                scope = self._renamed(scope)
        await self.app(scope, receive, send)

    def _is_ours(self, host: str) -> bool:
        name, loopback = _parsed(host)
        return loopback or name in self.names

    def _renamed(self, scope: Scope) -> Scope:
        assert self.public  # noqa: S101
        headers = [pair for pair in scope["headers"] if pair[0] != b"host"]
        headers.append((b"host", self.public.netloc.encode()))
        return {**scope, "scheme": self.public.scheme, "headers": headers}


@lru_cache(maxsize=100)
def _parsed(host: str) -> tuple[str, bool]:
    """The name in a Host header ("": there is none), and whether it means this machine alone."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        name = ""
    return name, is_loopback(name)


NOT_OURS = (
    "The service does not go by this name; set TASKOVERFLOW_PUBLIC_URL or "
    "TASKOVERFLOW_ALLOWED_HOSTS."
)
