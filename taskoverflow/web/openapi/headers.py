"""The headers that requests may bring and answers have, each described once."""

from typing import Any

from msgspec import Struct

NUMBER = {"type": "integer", "minimum": 0}


class Header(Struct, frozen=True):
    """A header of a request."""

    name: str
    description: str
    example: str | None = None
    pattern: str | None = None


IF_MATCH = Header(
    "If-Match",
    "Change it only if it has one of these ETags; `*`: if it is there. Else 412.",
    example='"5d41402abc4b2a76b9719d911017c592"',
)
IF_NONE_MATCH = Header(
    "If-None-Match",
    "ETags of what the client has: 304 if it is one of them.",
    example='"5d41402abc4b2a76b9719d911017c592"',
)
IF_MODIFIED_SINCE = Header("If-Modified-Since", "304 unless it is newer than this HTTP date.")
IF_RANGE = Header("If-Range", "Heed Range only if this is the ETag of the file.")
RANGE = Header("Range", "The part of the file that is wanted.", example="bytes=0-1023")
ACCEPT_ENCODING = Header("Accept-Encoding", "gzip: the file as it is stored.", example="gzip")
PREFER = Header(
    "Prefer",
    "`wait=N`: answer when the job has ended, or after N seconds, at most 30 (RFC 7240).",
    example="wait=10",
)
IDEMPOTENCY_KEY = Header(
    "Idempotency-Key",
    "A text of the client's own, in quotes: a request with the same gets the first one's answer "
    "for 24 hours, and nothing is done twice.",
    example='"8e03978e-40d5-43dd-bc93-6894a57f9324"',
    pattern=r'^("([ !#-\[\]-~]|\\["\\]){1,255}"|[A-Za-z0-9._~:/+=-]{1,255})$',
)
REQUEST_ID = Header(
    "X-Request-ID",
    "A name for this request in the log and in the answer: up to 128 of A-Z a-z 0-9 . _ - (else it "
    "gets one).",
)

# Of answers. `required`: each answer that has it in its description has it.
ANSWERED: dict[str, dict[str, Any]] = {
    "Accept-Ranges": {"description": "bytes: parts of it may be had.", "required": True},
    "Allow": {"description": "The methods of this address."},
    "Cache-Control": {"description": "Whether and how long it may be kept.", "required": True},
    "Content-Disposition": {"description": "A name for the file.", "required": True},
    "Content-Encoding": {"description": "gzip, if the client takes that."},
    "Content-Range": {"description": "Which part it is, and of how much.", "required": True},
    "ETag": {"description": "Names this state: for If-Match and If-None-Match.", "required": True},
    "Idempotent-Replayed": {"description": "true: the answer is that of an earlier request."},
    "Last-Modified": {"description": "When the file was made.", "required": True},
    "Link": {"description": 'rel="next": where the list goes on, while it does.'},
    "Location": {"description": "Where to ask how the job is.", "required": True},
    "Preference-Applied": {"description": "How long the answer waited for the job."},
    "RateLimit": {"description": "What is left (r), and seconds until there is more (t)."},
    "RateLimit-Policy": {"description": "The limit: requests (q) in so many seconds (w)."},
    "Retry-After": {"description": "Seconds to wait before asking again.", "schema": NUMBER},
    "Vary": {"description": "The request's headers that it depends on.", "required": True},
    "WWW-Authenticate": {"description": "How to say who asks."},
    "X-Request-ID": {"description": "The request's name in the log.", "required": True},
    "X-Total-Count": {
        "description": "How many todos are meant in all.",
        "schema": NUMBER,
        "required": True,
    },
}
