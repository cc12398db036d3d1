"""The command line of `taskoverflow queue-lab`. Imports nothing heavy: every command loads it."""

import argparse
import math
from dataclasses import dataclass

from taskoverflow.queue_lab.queues import DEFAULT_VISIBILITY, MAX_CLIENT, NAME, is_plain

LONGEST_PREPEND = 1_000  # characters
MOST_MESSAGES = 1_000_000

DESCRIPTION = """\
Watch how standard and FIFO queues behave: publishers send numbered messages, subscribers print
what arrives. A queue whose name ends in .fifo is a FIFO queue.
"""
PROMISES = """\
what the queues promise:
  standard, on SQS     At least once, in about the order of sending. A message that is not deleted
                       within the visibility timeout comes again; SQS may also deliver one twice.
  standard, on Redis   The same: at least once, and in about the order of sending, since messages
                       are spread over four streams picked at random. One comes twice only when it
                       was not deleted within the visibility timeout.
  FIFO, on SQS         In order within a message group (--group). While messages of a group are in
                       flight no other subscriber gets one of it; one call may bring up to ten. A
                       text that was sent within the last 5 minutes is swallowed, by whomever it is
                       sent, and also when the first is deleted already.
  FIFO, on Redis       The same, with exactly one message of a group in flight.
  On both, whoever works longer than the visibility timeout may see a message handled twice.
  Redis forgets a queue, and what is in it, 4 days after its last use.

which server:
  --url sqs:           Amazon SQS: AWS's own settings say which account and region (else us-east-1);
                       AWS_ENDPOINT_URL is honoured.
  --url redis://…      A Redis; rediss:// and unix:// too.
  no --url             SQS if AWS has credentials in the environment or in ~/.aws (an instance's own
                       role needs --url sqs:); else REDIS_URL; else the Valkey of `taskoverflow run`
                       in the data folder, which has to be running.
                       create, list and delete are for Redis alone: Terraform makes the SQS queues.
                       compare: REDIS_URL, else a Valkey of its own for as long as it runs. It
                       makes two queues, and deletes them at the end; --url sqs: is paid for.

exit codes: 0 well, 1 no such queue or not all was sent, 2 cannot start or go on.
"""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line says. Lengths of time are in seconds; `rate` is per second."""

    action: str
    url: str | None = None
    name: str | None = None
    client_name: str | None = None
    send: bool = True
    prepend: str = ""
    group: str | None = None
    count: int = 100
    rate: float = 0
    work: float = 0
    queue: str = ""
    visibility: int = DEFAULT_VISIBILITY


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give the parser all that `queue-lab` takes; what it parses are the fields of Options."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description, parser.epilog = DESCRIPTION, PROMISES
    parser.set_defaults(action="client")
    add = parser.add_argument
    add("--name", type=_queue_name, help="name of the queue to connect to")
    add("--client-name", type=_client, metavar="NAME", help="name of this client")
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--send", action="store_true", default=True, help="publish (the default)")
    ways.add_argument("--receive", action="store_false", dest="send", help="subscribe")
    add("--prepend", type=_prepend, default="", metavar="TEXT", help="put before each text sent")
    add("--group", type=_client, help="message group of a FIFO queue (default: the client's name)")
    add("--count", type=_count, default=100, help="messages to send (default: 100)")
    add("--rate", type=_number, default=0.0, help="messages a second (default: as it goes)")
    add(
        "--work",
        type=_number,
        default=0.0,
        metavar="SECONDS",
        help="of work on each message before it is deleted (default: 0): time for a kill -9",
    )
    add("--url", help="the server; see below")
    _add_actions(parser)


def _add_actions(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", help="instead of sending and receiving:")
    helps = {
        "compare": "load both kinds at once, and show what came of it (half a minute)",
        "create": "make a queue on Redis; FIFO if its name ends in .fifo",
        "list": "the queues on Redis",
        "delete": "delete a queue on Redis with all it holds",
    }
    for action, text in helps.items():
        subparser = actions.add_parser(action, help=text, description=text)
        subparser.set_defaults(action=action)
        # Suppressed, or the default would hide what was given before the action.
        subparser.add_argument("--url", default=argparse.SUPPRESS, help="the server")
        if action in ("create", "delete"):
            subparser.add_argument("queue", type=_queue_name, metavar="NAME")
        if action == "create":
            subparser.add_argument(
                "--visibility",
                type=_visibility,
                default=DEFAULT_VISIBILITY,
                metavar="SECONDS",
                help="after which a message that was not deleted comes again "
                f"(default: {DEFAULT_VISIBILITY})",
            )
        if action == "compare":
            subparser.add_argument(
                "--count",
                type=_count,
                default=argparse.SUPPRESS,
                help="messages of each of the 3 publishers (default: 100)",
            )


def _queue_name(text: str) -> str:
    if not NAME.match(text):
        raise argparse.ArgumentTypeError(
            "must be 1 to 80 letters, digits, - and _; a FIFO queue's ends in .fifo"
        )
    return text


def _client(text: str) -> str:
    if not 1 <= len(text) <= MAX_CLIENT or not is_plain(text):
        raise argparse.ArgumentTypeError(
            f"must be 1 to {MAX_CLIENT} characters, without control characters"
        )
    return text


def _prepend(text: str) -> str:
    if len(text) > LONGEST_PREPEND or not is_plain(text):
        raise argparse.ArgumentTypeError(
            f"must be up to {LONGEST_PREPEND} characters, without control characters"
        )
    return text


def _count(text: str) -> int:
    return _whole(text, MOST_MESSAGES)


def _visibility(text: str) -> int:
    return _whole(text, 12 * 3600)  # SQS's limit


def _whole(text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:12]) <= most):
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {most}")
    return int(text)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= 100_000:
        raise argparse.ArgumentTypeError("must be a number from 0 to 100000")
    return number
