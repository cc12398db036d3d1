"""The names of a queue's keys."""

RETENTION = 4 * 86400 * 1000  # milliseconds without use until a queue is forgotten; SQS's default


class Keys:
    """The names of a queue's keys. All expire after RETENTION, or are deleted with the queue."""

    def __init__(self, queue: str) -> None:
        self.prefix = f"queue-lab:{queue}"
        # A hash; it is there for as long as the queue is.
        self.settings = f"{self.prefix}:settings"
        # A sorted set: the streams with messages, by when they were last looked at.
        self.streams = f"{self.prefix}:streams"
        # A sorted set: the digests of texts sent, by when they are forgotten.
        self.seen = f"{self.prefix}:seen"

    def stream(self, of: str) -> str:
        """A shard's stream, or a message group's."""
        return f"{self.prefix}:stream:{of}"
