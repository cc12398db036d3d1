"""uvicorn around the application."""

import socket
import tempfile
from contextlib import suppress

import uvicorn

from taskoverflow.settings import Settings, listed
from taskoverflow.supervisor import ITSELF, Child, supervise
from taskoverflow.web.app import create_app
from taskoverflow.web.limits.protocol import limited_protocol

GRACEFUL_SHUTDOWN = 5  # seconds for requests that are under way
# Seconds that an idle connection is kept. A proxy that keeps it longer (60 s are usual) would now
# and then send a request just as it is closed here, and answer 502.
KEEP_ALIVE = 75
METRICS_DIR = "PROMETHEUS_MULTIPROC_DIR"


def serve(settings: Settings, inherited: int | None = None) -> None:
    """Serve HTTP until told to stop, in as many processes as the settings say.

    `inherited` is the file descriptor of a parent's listening socket: then this is one of them.
    Raises OSError when the address cannot be had.
    """
    # Bound here and not by uvicorn, which reports a taken port in the log only.
    listener = (
        socket.socket(fileno=inherited) if inherited else listen(settings.host, settings.port)
    )
    if settings.web_processes > 1 and not inherited:
        serve_together(listener, settings)
        return
    with suppress(KeyboardInterrupt):  # uvicorn raises it after it has stopped on a Ctrl-C
        uvicorn.Server(configuration(settings)).run(sockets=[listener])


def serve_together(listener: socket.socket, settings: Settings) -> None:
    """Serve on one socket in several processes, and start again those that die.

    The socket is shared, and not one for each (SO_REUSEPORT): what waits in the queue of a process
    that dies would be lost, and a port that somebody else has would not be noticed.
    """
    with tempfile.TemporaryDirectory(prefix="taskoverflow-metrics-") as folder:
        # Each counts its own requests; /metrics adds them up, whichever answers.
        environ = {METRICS_DIR: settings.metrics_dir or folder}
        command = [*ITSELF, "serve", "--inherited", str(listener.fileno())]
        children = [
            Child(f"web {number}", command, environ, (listener.fileno(),))
            for number in range(1, settings.web_processes + 1)
        ]
        supervise(children, GRACEFUL_SHUTDOWN + 1.5)


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
