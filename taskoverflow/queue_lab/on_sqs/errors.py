"""What AWS may answer, each as a sentence with the next step."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions as aws

from taskoverflow.queue_lab.queues import QueueLabError

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


class NoQueue(Exception):
    """SQS knows no such queue."""


@contextmanager
def aws_errors() -> Iterator[None]:
    """AWS's errors as QueueLabError, each a sentence; or as NoQueue."""
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
            raise NoQueue from error
        reason = error.response.get("Error", {}).get("Message", code).strip().rstrip(".")
        raise QueueLabError(SENTENCES.get(code) or f"SQS refuses: {reason}.") from error
    except aws.BotoCoreError as error:
        raise QueueLabError(f"AWS: {str(error).strip().rstrip('.')}.") from error
