"""The lab's two kinds of queue on Amazon SQS, or on what AWS_ENDPOINT_URL names."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote

import boto3
import botocore.session
from botocore import exceptions as aws
from botocore.config import Config

from taskoverflow.queue_lab.queues import (
    DEFAULT_VISIBILITY,
    Message,
    Outgoing,
    QueueLabError,
    UnknownQueue,
    check_body,
    format_position,
    is_fifo,
    parse_position,
)

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType
    from mypy_boto3_sqs.type_defs import MessageTypeDef, SendMessageBatchRequestEntryTypeDef

DEFAULT_REGION = "us-east-1"  # the practical's
CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard"})

NO_CREDENTIALS = (
    "There are no AWS credentials; run `aws configure`, or name a Redis with --url redis://…."
)
EXPIRED = "The AWS session token has expired; get a new one and put it in ~/.aws/credentials."
WRONG = "AWS does not know these credentials; check them in ~/.aws/credentials."
SENTENCES = {
    "ExpiredToken": EXPIRED,
    "ExpiredTokenException": EXPIRED,
    "RequestExpired": EXPIRED,
    "InvalidClientTokenId": WRONG,
    "InvalidAccessKeyId": WRONG,
    "InvalidSecurity": WRONG,
    "MissingAuthenticationToken": WRONG,
    "SignatureDoesNotMatch": WRONG,
    "UnrecognizedClientException": WRONG,
}
NO_QUEUE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")


class _NoQueue(Exception):
    """SQS knows no such queue."""


def is_configured() -> bool:
    """Whether AWS has credentials for us: in the environment, a file or a container's.

    An instance's own role is not asked for: off AWS, that question takes seconds.
    """
    session = botocore.session.get_session()
    try:
        resolver = session.get_component("credential_provider")
        resolver.remove("iam-role")
        return resolver.load_credentials() is not None
    except aws.BotoCoreError:
        return True  # badly so: using it says how


class SqsQueues:
    """The queues of an AWS account in a region; see `Backend`."""

    def __init__(self) -> None:
        with _errors():
            session = boto3.Session()
            region = session.region_name or DEFAULT_REGION
            self.client: SQSClient = session.client("sqs", region_name=region, config=CONFIG)
        endpoint = self.client.meta.endpoint_url
        self.title = f"SQS in {region}" + ("" if "amazonaws.com" in endpoint else f" at {endpoint}")

    def open(self, name: str) -> "SqsQueue":
        """The queue of this name. Raises UnknownQueue."""
        return SqsQueue(self, name, self._url(name))

    def names(self) -> list[str]:
        """The queues there are, sorted."""
        with _errors():
            pages = self.client.get_paginator("list_queues").paginate(
                PaginationConfig={"PageSize": 1000}
            )
            urls = [url for page in pages for url in page.get("QueueUrls", [])]
        return sorted(url.rpartition("/")[2] for url in urls)

    def create(self, name: str, visibility: int = DEFAULT_VISIBILITY) -> bool:
        """Make a queue, FIFO if its name says so; False if it is there already."""
        try:
            self._url(name)
        except UnknownQueue:
            attributes: dict[QueueAttributeNameType, str] = {"VisibilityTimeout": str(visibility)}
            if is_fifo(name):
                attributes |= {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
            with _errors():
                self.client.create_queue(QueueName=name, Attributes=attributes)
            return True
        return False

    def delete(self, name: str) -> None:
        """Delete a queue with all it holds. Raises UnknownQueue."""
        url = self._url(name)
        with _errors():
            self.client.delete_queue(QueueUrl=url)

    def unknown(self, name: str) -> UnknownQueue:
        """The error for a queue that is not there."""
        try:
            names = self.names()
        except QueueLabError:
            names = []  # whoever may use a queue need not be allowed to list them
        return UnknownQueue(name, names)

    def _url(self, name: str) -> str:
        try:
            with _errors():
                return self.client.get_queue_url(QueueName=name)["QueueUrl"]
        except _NoQueue as error:
            raise self.unknown(name) from error


class SqsQueue:
    """One of them; see `Queue`."""

    def __init__(self, account: SqsQueues, name: str, url: str) -> None:
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
            with _errors():
                yield
        except _NoQueue as error:
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


@contextmanager
def _errors() -> Iterator[None]:
    """AWS's errors as QueueLabError, each a sentence; or as _NoQueue."""
    try:
        yield
    except (aws.NoCredentialsError, aws.PartialCredentialsError) as error:
        raise QueueLabError(NO_CREDENTIALS) from error
    except (aws.SSOError, aws.LoginError, aws.TokenRetrievalError) as error:
        raise QueueLabError(
            "The AWS sign-in has expired; run `aws sso login` or `aws login`."
        ) from error
    except (aws.ConnectionError, aws.HTTPClientError) as error:
        endpoint = error.kwargs.get("endpoint_url", "AWS")
        raise QueueLabError(
            f"{endpoint} does not answer; check the network, or name a Redis with --url redis://…."
        ) from error
    except aws.ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in NO_QUEUE:
            raise _NoQueue from error
        reason = error.response.get("Error", {}).get("Message", code).strip().rstrip(".")
        raise QueueLabError(SENTENCES.get(code) or f"SQS refuses: {reason}.") from error
    except aws.BotoCoreError as error:
        raise QueueLabError(f"AWS: {str(error).strip().rstrip('.')}.") from error
