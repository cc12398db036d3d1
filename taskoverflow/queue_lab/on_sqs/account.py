"""An AWS account in a region, and the queues in it."""

from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore import exceptions as aws
from botocore.config import Config

from taskoverflow.queue_lab.on_sqs.errors import NoQueue, aws_errors
from taskoverflow.queue_lab.on_sqs.queue import SqsQueue
from taskoverflow.queue_lab.queues import DEFAULT_VISIBILITY, QueueLabError, UnknownQueue, is_fifo

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

DEFAULT_REGION = "us-east-1"  # the practical's
CONFIG = Config(
    connect_timeout=5,  # seconds
    read_timeout=30,
    retries={"mode": "standard"},
    max_pool_connections=50,  # more than `compare` has threads
)


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
        with aws_errors():
            session = boto3.Session()
            region = session.region_name or DEFAULT_REGION
            self.client: SQSClient = session.client("sqs", region_name=region, config=CONFIG)
        endpoint = self.client.meta.endpoint_url
        self.title = f"SQS in {region}" + ("" if "amazonaws.com" in endpoint else f" at {endpoint}")

    def open(self, name: str) -> SqsQueue:
        """The queue of this name. Raises UnknownQueue."""
        return SqsQueue(self, name, self._url(name))

    def names(self) -> list[str]:
        """The queues there are, sorted."""
        with aws_errors():
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
            with aws_errors():
                self.client.create_queue(QueueName=name, Attributes=attributes)
            return True
        return False

    def delete(self, name: str) -> None:
        """Delete a queue with all it holds. Raises UnknownQueue."""
        url = self._url(name)
        with aws_errors():
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
            with aws_errors():
                return self.client.get_queue_url(QueueName=name)["QueueUrl"]
        except NoQueue as error:
            raise self.unknown(name) from error
