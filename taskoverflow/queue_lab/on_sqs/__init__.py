"""The lab's two kinds of queue on Amazon SQS, or on what AWS_ENDPOINT_URL names."""
