"""The same behaviour on Redis and on SQS, which moto plays.

Where moto is no SQS, and what is therefore asserted on Redis alone:
- it forgets a text as soon as its message is deleted (SQS: after 5 minutes);
- a message that comes again joins its group behind the others (SQS: before them);
- a receipt is good for ever (SQS: until the message is received again);
- of two calls at once both may get a message: there, its calls are made one after another.
"""

import signal
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

import pytest
from redis import Redis

from taskoverflow.queue_lab.on_redis.keys import RETENTION
from taskoverflow.queue_lab.on_redis.server import RedisQueues
from taskoverflow.queue_lab.on_sqs.account import SqsQueues
from taskoverflow.queue_lab.publisher import Publisher
from taskoverflow.queue_lab.queues import (
    MAX_BODY,
    Backend,
    Message,
    Outgoing,
    Queue,
    QueueLabError,
    UnknownQueue,
)
from taskoverflow.queue_lab.subscriber import subscribe
from tests.conftest import StartProcess, wait_until

SHORT = 2  # seconds of visibility, where a test waits for its end
STANDARD, FIFO = "lab", "lab.fifo"


def make(backend: Backend, name: str, visibility: int = 60) -> Queue:
    assert backend.create(name, visibility)
    return backend.open(name)


def send(queue: Queue, client: str = "A", count: int = 10, prepend: str = "") -> None:
    publisher = Publisher(client=client, group=client, count=count, prepend=prepend)
    assert sum(publisher.send(queue, [])) == count


def drain(queue: Queue, wait_for: int = 0) -> Iterator[Message]:
    """Receive and delete all there is; at least `wait_for`, each of which may take 5 seconds."""
    received = 0
    while messages := queue.receive(10, 5 if received < wait_for else 0):
        received += len(messages)
        yield from messages
        queue.delete(messages)


def bodies(messages: Iterable[Message]) -> list[str]:
    return [message.body for message in messages]


def numbered(count: int, prepend: str = "") -> list[str]:
    return [f"{prepend}Message {number}" for number in range(count)]


@pytest.mark.parametrize("name", [STANDARD, FIFO])
def test_what_is_sent_arrives_once_and_says_from_whom(backend, name):
    queue = make(backend, name)
    send(queue, "a client's näme", count=25)
    received = sorted(drain(queue), key=lambda message: message.position)
    assert bodies(received) == numbered(25)
    assert {(message.client, message.receives) for message in received} == {("a client's näme", 1)}


def test_a_message_that_is_not_deleted_in_time_comes_again(backend):
    queues = [make(backend, name, SHORT) for name in (STANDARD, FIFO)]
    for queue in queues:
        send(queue, count=1)
        assert [message.receives for message in queue.receive(10, 0)] == [1]
        assert not queue.receive(10, 0)
    for queue in queues:
        again = queue.receive(10, 5)
        assert [(message.body, message.receives) for message in again] == [("Message 0", 2)]
        queue.delete(again)
    time.sleep(SHORT)
    assert not any(queue.receive(10, 0) for queue in queues)


def test_what_a_killed_subscriber_held_arrives_at_another(
    backend: Backend, url: str, start: StartProcess, tmp_path: Path
):
    queues = {name: make(backend, name, SHORT) for name in (STANDARD, FIFO)}
    victims = []
    for name, queue in queues.items():
        send(queue, count=3, prepend=f"{name} ")
        arguments = f"--url {url} --name {name} --client-name victim --receive --work 60"
        victims.append(start(f"queue-lab {arguments}"))
    log = tmp_path / "processes.log"
    wait_until(lambda: all(f"A: {name} Message" in log.read_text() for name in queues))
    for victim in victims:
        victim.send_signal(signal.SIGKILL)
    for name, queue in queues.items():
        received = list(drain(queue, wait_for=3))
        assert sorted(bodies(received)) == numbered(3, f"{name} ")
        assert sorted(message.receives for message in received) == [1, 1, 2]


class OneCallAtATime:
    """A queue without calls at the same time, and so without waiting."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self.lock = Lock()

    def send(self, messages: Sequence[Outgoing]) -> None:
        with self.lock:
            self.queue.send(messages)

    def receive(self, most: int, wait: float) -> list[Message]:
        time.sleep(0.05)
        with self.lock:
            return self.queue.receive(most, 0)

    def delete(self, messages: Sequence[Message]) -> None:
        with self.lock:
            self.queue.delete(messages)


def test_fifo_keeps_the_order_of_each_group_under_3_publishers_and_3_subscribers(backend, url):
    queue = make(backend, FIFO)
    if url == "sqs:":
        queue = OneCallAtATime(queue)
    arrived = defaultdict(list)
    done: list[int] = []

    def show(message: Message | None) -> None:
        if message:
            arrived[message.client].append(message.body)

    with ThreadPoolExecutor(6) as pool:
        clients = ("A", "B", "C")
        sends = [pool.submit(send, queue, client, 20, f"{client}-") for client in clients]
        for sending in sends:
            sending.result()
        reads = [pool.submit(subscribe, queue, done, show) for _ in range(3)]
        wait_until(lambda: sum(map(len, arrived.values())) >= 60)
        done.append(0)
        for reading in reads:
            reading.result()
    assert arrived == {client: numbered(20, f"{client}-") for client in clients}


def test_while_a_message_of_a_group_is_held_no_other_of_it_is_given_out(backend):
    queue = make(backend, FIFO)
    send(queue, "A", 3, "A-")
    (held,) = queue.receive(1, 0)
    send(queue, "B", 1, "B-")
    assert bodies(queue.receive(10, 0)) == ["B-Message 0"]
    queue.delete([held])
    assert bodies(queue.receive(1, 0)) == ["A-Message 1"]


def test_a_second_send_is_swallowed_by_a_fifo_queue_alone_unless_it_is_prepended(backend):
    for name, arrive in ((STANDARD, 20), (FIFO, 10)):
        queue = make(backend, name)
        send(queue)
        send(queue)
        assert len(list(drain(queue))) == arrive
        send(queue, prepend="A-")
        assert sorted(bodies(drain(queue))) == numbered(10, "A-")


def test_a_text_is_swallowed_within_the_window_also_when_it_was_received_and_deleted(redis):
    for name, window, arrive in ((FIFO, 300, 0), ("brief.fifo", 0.001, 10)):
        redis.create(name, deduplication=window)
        queue = redis.open(name)
        send(queue)
        assert bodies(drain(queue)) == numbered(10)
        time.sleep(0.01)
        send(queue, "another client")
        assert len(list(drain(queue))) == arrive


def test_what_comes_again_comes_before_the_rest_of_its_group(redis):
    queue = make(redis, FIFO, 1)
    send(queue, count=5)
    queue.receive(10, 0)
    assert bodies(drain(queue, wait_for=5)) == numbered(5)


def test_the_order_of_a_standard_queue_is_a_best_effort(redis):
    queue = make(redis, STANDARD)
    send(queue, count=100)
    received = bodies(drain(queue))
    assert received != numbered(100)
    assert sorted(received) == sorted(numbered(100))


def test_whoever_was_too_slow_cannot_delete_what_another_received_since(redis):
    queues = [make(redis, name, 1) for name in (STANDARD, FIFO)]
    for queue in queues:
        send(queue, count=1)
    late = [queue.receive(1, 0) for queue in queues]
    again = [queue.receive(1, 5) for queue in queues]
    for queue, messages in zip(queues, late, strict=True):
        queue.delete(messages)
    assert [bodies(queue.receive(1, 5)) for queue in queues] == [bodies(one) for one in again]


def test_a_queue_that_is_not_there_is_named_with_those_that_are(backend):
    queue = make(backend, STANDARD)
    make(backend, FIFO)
    with pytest.raises(UnknownQueue) as error:
        backend.open("nope")
    assert str(error.value) == (
        "Unable to find a Queue by this name: nope. Queues there are: lab, lab.fifo."
    )
    backend.delete(STANDARD)
    for use in (lambda: send(queue), lambda: queue.receive(1, 0), lambda: backend.delete(STANDARD)):
        with pytest.raises(UnknownQueue, match=r"this name: lab\. Queues there are: lab\.fifo"):
            use()


@pytest.mark.parametrize("body", ["x" * (MAX_BODY + 1), "\x1b[2Jgone", "\ud800"])
def test_a_text_that_is_too_long_or_not_plain_is_not_sent(backend, body):
    queue = make(backend, FIFO)
    with pytest.raises(QueueLabError):
        queue.send([Outgoing(body, "A", "A", (0, 0))])
    assert not queue.receive(10, 0)


def test_a_queue_s_keys_expire_and_go_with_it(redis: RedisQueues, redis_url: str):
    for name in (STANDARD, FIFO):
        queue = make(redis, name)
        send(queue, "A", 20)
        queue.receive(10, 0)
    with Redis.from_url(redis_url) as connection:
        expiries = [connection.pttl(key) for key in connection.scan_iter()]
        assert len(expiries) > 6
        assert all(0 < expiry <= RETENTION for expiry in expiries)
        redis.delete(STANDARD)
        redis.delete(FIFO)
        assert not connection.dbsize()


def test_what_another_program_sent_to_sqs_is_received_too(sqs: None):
    account = SqsQueues()
    queue = make(account, STANDARD)
    client = {"client": {"DataType": "String", "StringValue": "practical"}}
    for attributes in (client, {}):
        account.client.send_message(
            QueueUrl=queue.url, MessageBody="Message\t1", MessageAttributes=attributes
        )
    received = list(drain(queue))
    assert sorted(message.client for message in received) == ["", "practical"]
    assert {message.body for message in received} == {"Message\t1"}
    assert all(message.position[0] > 1_700_000_000_000 for message in received)
