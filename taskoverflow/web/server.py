"""uvicorn around the application."""

import socket
from contextlib import suppress

import uvicorn

from taskoverflow.settings import Settings, listed
from taskoverflow.web.app import create_app
from taskoverflow.web.limits.protocol import limited_protocol

GRACEFUL_SHUTDOWN = 5  # seconds for requests that are under way
# Seconds that an idle connection is kept. A proxy that keeps it longer (60 s are usual) would now
# and then send a request just as it is closed here, and answer 502.
KEEP_ALIVE = 75


def serve(settings: Settings) -> None:
    """Serve HTTP until told to stop. Raises OSError when the address cannot be had."""
    # Bound here and not by uvicorn, which reports a taken port in the log only.
    listener = listen(settings.host, settings.port)
    with suppress(KeyboardInterrupt):  # uvicorn raises it after it has stopped on a Ctrl-C
        uvicorn.Server(configuration(settings)).run(sockets=[listener])


def configuration(settings: Settings) -> uvicorn.Config:
    """uvicorn's configuration; the address is not in it."""
    proxies = listed(settings.trusted_proxies)
    return uvicorn.Config(
        create_app(settings),
        http=limited_protocol(settings.max_headers, settings.header_timeout),
        timeout_graceful_shutdown=GRACEFUL_SHUTDOWN,
        timeout_keep_alive=KEEP_ALIVE,
        server_header=False,
        # uvicorn believes X-Forwarded-* of 127.0.0.1 unless told otherwise.
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        log_config=None,
        access_log=False,  # request_log has it
        lifespan="on",
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(1024)
    except OSError:
        listener.close()
        raise
    return listener
