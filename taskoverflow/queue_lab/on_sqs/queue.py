"""A queue: sends, receives and deletes, in batches."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote

from taskoverflow.queue_lab.on_sqs.errors import NoQueue, aws_errors
from taskoverflow.queue_lab.queues import (
    Message,
    Outgoing,
    QueueLabError,
    check_body,
    format_position,
    is_fifo,
    parse_position,
)

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef, SendMessageBatchRequestEntryTypeDef

    from taskoverflow.queue_lab.on_sqs.account import SqsQueues


class SqsQueue:
    """One queue of an account; see `Queue`."""

    def __init__(self, account: "SqsQueues", name: str, url: str) -> None:
        self.account = account
        self.name = name
        self.url = url

    def send(self, messages: Sequence[Outgoing]) -> None:
        """Send the messages, in this order."""
        entries = [_entry(number, message, self.name) for number, message in enumerate(messages)]
        with self._errors():
            answer = self.account.client.send_message_batch(QueueUrl=self.url, Entries=entries)
        for failed in answer.get("Failed", []):
            reason = failed.get("Message") or failed["Code"]
            raise QueueLabError(
                f"SQS refused {len(answer['Failed'])} of {len(entries)} messages: {reason}."
            )

    def receive(self, most: int, wait: float) -> list[Message]:
        """Up to `most` messages, as soon as there are any; by long polling, in whole seconds."""
        with self._errors():
            answer = self.account.client.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=most,
                WaitTimeSeconds=round(wait),
                MessageAttributeNames=["client", "position"],
                MessageSystemAttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
            )
        return [_message(message) for message in answer.get("Messages", [])]

    def delete(self, messages: Sequence[Message]) -> None:
        """Delete what was received, unless it is somebody else's by now (SQS then says failed)."""
        with self._errors():
            self.account.client.delete_message_batch(
                QueueUrl=self.url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": message.receipt[0]}
                    for number, message in enumerate(messages)
                ],
            )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            with aws_errors():
                yield
        except NoQueue as error:
            raise self.account.unknown(self.name) from error


def _entry(number: int, message: Outgoing, queue: str) -> "SendMessageBatchRequestEntryTypeDef":
    check_body(message.body)
    position = format_position(message.position)
    entry: SendMessageBatchRequestEntryTypeDef = {
        "Id": str(number),
        "MessageBody": message.body,
        "MessageAttributes": {
            "client": {"DataType": "String", "StringValue": message.client},
            "position": {"DataType": "String", "StringValue": position},
        },
    }
    if is_fifo(queue):
        # SQS allows 128 characters of ASCII, without spaces.
        entry["MessageGroupId"] = quote(message.group, safe="")[:128]
        # What content-based deduplication does, for a queue in which it is switched off.
        entry["MessageDeduplicationId"] = sha256(message.body.encode()).hexdigest()
    return entry


def _message(message: "MessageTypeDef") -> Message:
    attributes = message.get("MessageAttributes", {})
    said = {name: value.get("StringValue", "") for name, value in attributes.items()}
    system = message.get("Attributes", {})
    return Message(
        body=message.get("Body", ""),
        client=said.get("client", ""),
        position=parse_position(said.get("position", ""), int(system.get("SentTimestamp", 0))),
        receives=int(system.get("ApproximateReceiveCount", 1)),
        receipt=(message["ReceiptHandle"],),
    )
