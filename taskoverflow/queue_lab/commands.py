"""What `taskoverflow queue-lab` does, each way it can be called."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from taskoverflow.queue_lab.arguments import Options
from taskoverflow.queue_lab.compare import STEPS, compare
from taskoverflow.queue_lab.connect import SQS, choose_url, connect
from taskoverflow.queue_lab.embedded import embedded_server
from taskoverflow.queue_lab.publisher import Publisher
from taskoverflow.queue_lab.queues import Backend, Message, Queue, QueueLabError
from taskoverflow.queue_lab.screen import (
    comparison,
    make_console,
    message_line,
    readable,
    status_line,
    summary,
)
from taskoverflow.queue_lab.subscriber import subscribe
from taskoverflow.queue_lab.tally import Tally
from taskoverflow.settings import Settings
from taskoverflow.supervisor import stop_signals

FindServer = Callable[[], Path]


def run_queue_lab(settings: Settings, options: Options, find_server: FindServer) -> int:
    """Do what the options say; returns the exit code. Raises QueueLabError.

    `find_server` finds the Redis-compatible server to embed.
    """
    console = make_console()
    if options.action == "compare":
        return _compare(settings, options, find_server, console)
    if options.action != "client":
        return _look_after(settings, options, console)
    if not options.name or not options.client_name:
        raise QueueLabError(
            "queue-lab needs --name and --client-name, or one of compare, create, list and delete; "
            "--help says more."
        )
    backend = connect(choose_url(options.url, settings))
    queue = backend.open(options.name)
    connected = f"Connected to the following Queue: {options.name} ({backend.title})"
    console.print(connected, soft_wrap=True)
    with stop_signals() as stop:
        if options.send:
            return _send(queue, options, stop, console)
        return _receive(queue, options, stop, console)


def _send(queue: Queue, options: Options, stop: list[int], console: Console) -> int:
    client = options.client_name or ""
    publisher = Publisher(
        client=client,
        group=options.group or client,
        count=options.count,
        prepend=options.prepend,
        rate=options.rate,
    )
    sent, started = 0, time.monotonic()
    columns = (
        TextColumn("Sending"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    try:
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("", total=options.count)
            for number in publisher.send(queue, stop):
                sent += number
                progress.advance(task, number)
    finally:
        seconds = time.monotonic() - started
        console.print(f"Sent {sent} of {options.count} messages in {seconds:.2f} s.")
    return 0 if sent == options.count else 1


def _receive(queue: Queue, options: Options, stop: list[int], console: Console) -> int:
    tally = Tally()

    def show(message: Message | None) -> None:
        if message is not None:
            console.print(message_line(message, tally.add(message)), soft_wrap=True)
        status.update(status_line(tally))

    try:
        with console.status(status_line(tally)) as status:
            subscribe(queue, stop, show, options.work)
    finally:
        console.print(summary(tally))
    return 0


def _look_after(settings: Settings, options: Options, console: Console) -> int:
    backend = _redis(settings, options)
    if options.action == "list":
        for name in backend.names():
            console.print(readable(name))
    elif options.action == "delete":
        backend.delete(options.queue)
        console.print(f"Deleted {options.queue}.")
    elif backend.create(options.queue, options.visibility):
        console.print(f"Created {options.queue}.")
    else:
        console.print(f"{options.queue} is there already; it stays as it is.")
    return 0


def _redis(settings: Settings, options: Options) -> Backend:
    url = options.url or settings.redis_url
    if url == SQS:
        raise QueueLabError("Terraform makes the SQS queues; see README.md.")
    return connect(url)


def _compare(
    settings: Settings, options: Options, find_server: FindServer, console: Console
) -> int:
    with ExitStack() as stack:
        stop = stack.enter_context(stop_signals())
        url = options.url or ("" if settings.embedded_redis else settings.redis_url)
        if not url:
            url = stack.enter_context(embedded_server(find_server()))
        columns = (
            TextColumn("{task.fields[kind]:8}"),
            BarColumn(),
            TextColumn("{task.description}"),
        )
        progress = stack.enter_context(Progress(*columns, console=console, transient=True))
        tasks = {
            kind: progress.add_task("", total=len(STEPS), kind=kind)
            for kind in ("standard", "fifo")
        }

        def on_step(kind: str, step: str) -> None:
            done = STEPS.index(step) if step else len(STEPS)
            progress.update(tasks[kind], description=step or "done", completed=done)

        standard, fifo = compare(url, options.count, stop, on_step)
    console.print(comparison(standard, fifo))
    return 0
