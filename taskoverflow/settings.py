"""The only reader of the environment: one frozen Settings, checked when it is read."""

import os
import re
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

import msgspec
from msgspec import Meta, field

from taskoverflow.tokens import ApiToken, parse_tokens

Port = Annotated[int, Meta(ge=1, le=65535)]
Seconds = Annotated[int, Meta(ge=1, le=30 * 86400)]

DATABASE_URL_PATTERN = r"^(sqlite:///.+|postgres(ql)?(\+psycopg2)?://.*)"
REDIS_URL_PATTERN = r"^(rediss?|unix)://.+"

ALIASES = {"DATABASE_URL": ("DATABASE_URI", "SQLALCHEMY_DATABASE_URI")}
SECRETS = (
    "DATABASE_URL",
    "REDIS_URL",
    "TASKOVERFLOW_DASHBOARD_PASSWORD",
    "TASKOVERFLOW_API_TOKENS",
)

PUBLIC_URL_PATTERN = r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?/?\Z"

# A Unix socket's path has 103 bytes at most on macOS, 107 on Linux; and redis-py 8.1 fails to
# parse what CLIENT INFO says of a path with a space or "=" in it.
SOCKET_PATH = re.compile(rb"[^\s=]{1,100}")


class SettingsError(Exception):
    """A setting is missing, contradictory or out of range; the message is one sentence."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the environment says. Each field's `name` is its environment variable."""

    data_dir: str = field(default="data", name="TASKOVERFLOW_DATA_DIR")
    database_url: Annotated[str, Meta(pattern=DATABASE_URL_PATTERN)] = field(
        default="", name="DATABASE_URL"
    )
    redis_url: Annotated[str, Meta(pattern=REDIS_URL_PATTERN)] = field(default="", name="REDIS_URL")
    host: str = field(default="127.0.0.1", name="TASKOVERFLOW_HOST")
    port: Port = field(default=6400, name="TASKOVERFLOW_PORT")
    public_url: Annotated[str, Meta(pattern=PUBLIC_URL_PATTERN)] = field(
        default="", name="TASKOVERFLOW_PUBLIC_URL"
    )
    allowed_hosts: str = field(default="", name="TASKOVERFLOW_ALLOWED_HOSTS")
    trusted_proxies: str = field(default="", name="TASKOVERFLOW_TRUSTED_PROXIES")
    cors_origins: str = field(default="", name="TASKOVERFLOW_CORS_ORIGINS")
    api_tokens: str = field(default="", name="TASKOVERFLOW_API_TOKENS")
    allow_anonymous: bool = field(default=False, name="TASKOVERFLOW_ALLOW_ANONYMOUS")
    rate_limit: Annotated[int, Meta(ge=0, le=10_000_000)] = field(
        default=6000, name="TASKOVERFLOW_RATE_LIMIT"
    )
    max_jobs: Annotated[int, Meta(ge=0, le=100_000)] = field(
        default=100, name="TASKOVERFLOW_MAX_JOBS"
    )
    max_todos: Annotated[int, Meta(ge=0, le=10**9)] = field(
        default=2_000_000, name="TASKOVERFLOW_MAX_TODOS"
    )
    max_watchers: Annotated[int, Meta(ge=0, le=100_000)] = field(
        default=500, name="TASKOVERFLOW_MAX_WATCHERS"
    )
    max_body: Annotated[int, Meta(ge=0, le=2**30)] = field(
        default=2**20, name="TASKOVERFLOW_MAX_BODY"
    )
    max_headers: Annotated[int, Meta(ge=0, le=2**20)] = field(
        default=32_768, name="TASKOVERFLOW_MAX_HEADERS"
    )
    header_timeout: Annotated[float, Meta(ge=0, le=3600)] = field(
        default=10.0, name="TASKOVERFLOW_HEADER_TIMEOUT"
    )
    body_timeout: Annotated[float, Meta(ge=0, le=3600)] = field(
        default=60.0, name="TASKOVERFLOW_BODY_TIMEOUT"
    )
    workers: Annotated[int, Meta(ge=0, le=256)] = field(default=2, name="TASKOVERFLOW_WORKERS")
    threads: Annotated[int, Meta(ge=1, le=256)] = field(default=20, name="TASKOVERFLOW_THREADS")
    web_processes: Annotated[int, Meta(ge=1, le=64)] = field(
        default=1, name="TASKOVERFLOW_WEB_PROCESSES"
    )
    dashboard_host: str = field(default="127.0.0.1", name="TASKOVERFLOW_DASHBOARD_HOST")
    dashboard_port: Annotated[int, Meta(ge=0, le=65535)] = field(
        default=9181, name="TASKOVERFLOW_DASHBOARD_PORT"
    )
    dashboard_password: str = field(default="", name="TASKOVERFLOW_DASHBOARD_PASSWORD")
    queue: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")] = field(
        default="taskoverflow", name="TASKOVERFLOW_QUEUE"
    )
    ical_delay: Annotated[float, Meta(ge=0, le=3600)] = field(
        default=0.0, name="TASKOVERFLOW_ICAL_DELAY"
    )
    job_timeout: Seconds = field(default=600, name="TASKOVERFLOW_JOB_TIMEOUT")
    result_ttl: Seconds = field(default=86400, name="TASKOVERFLOW_RESULT_TTL")
    failure_ttl: Seconds = field(default=7 * 86400, name="TASKOVERFLOW_FAILURE_TTL")
    grace: Annotated[float, Meta(ge=0, le=3600)] = field(default=20.0, name="TASKOVERFLOW_GRACE")
    heartbeat: Annotated[int, Meta(ge=1, le=60)] = field(default=5, name="TASKOVERFLOW_HEARTBEAT")
    retry_backoff: Annotated[int, Meta(ge=1, le=3600)] = field(
        default=5, name="TASKOVERFLOW_RETRY_BACKOFF"
    )
    recycle_jobs: Annotated[int, Meta(ge=1, le=1_000_000)] = field(
        default=1000, name="TASKOVERFLOW_RECYCLE_JOBS"
    )
    recycle_memory: Annotated[int, Meta(ge=1, le=1_000_000)] = field(
        default=512, name="TASKOVERFLOW_RECYCLE_MEMORY"
    )
    metrics_dir: str = field(default="", name="PROMETHEUS_MULTIPROC_DIR")
    queue_metrics: Annotated[int, Meta(ge=0, le=3600)] = field(
        default=0, name="TASKOVERFLOW_QUEUE_METRICS"
    )
    log_format: Literal["auto", "json", "text"] = field(
        default="auto", name="TASKOVERFLOW_LOG_FORMAT"
    )

    @property
    def tokens(self) -> tuple[ApiToken, ...]:
        """Who may use the API; none: whoever comes."""
        return parse_tokens(self.api_tokens) if self.api_tokens else ()

    @property
    def data_folder(self) -> Path:
        """The absolute path of the data folder."""
        return Path(self.data_dir).absolute()

    @property
    def redis_socket(self) -> Path:
        """Where the embedded Valkey listens: in the data folder, or, when that path will not do
        for a socket, in a private temporary folder named after it."""
        socket = self.data_folder / "valkey.sock"
        if SOCKET_PATH.fullmatch(os.fsencode(socket)):
            return socket
        digest = sha256(os.fsencode(self.data_folder)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"taskoverflow-{os.getuid()}-{digest}" / "valkey.sock"

    @property
    def embedded_redis(self) -> bool:
        """Whether `taskoverflow run` has to bring the Redis server itself."""
        return self.redis_url == _socket_url(self)


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check the settings; an empty variable counts as not given.

    Raises SettingsError, whose message names the variable.
    """
    given = {name: value for name in setting_names() if (value := _value(environ, name))}
    try:
        settings = msgspec.convert(given, Settings, strict=False)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `$.")
        raise SettingsError(f"{path.rstrip('`')}: {reason}.") from error
    try:
        _ = settings.tokens
    except ValueError as error:
        raise SettingsError(f"TASKOVERFLOW_API_TOKENS: {error}.") from error
    return msgspec.structs.replace(
        settings,
        database_url=settings.database_url or f"sqlite:///{settings.data_folder}/taskoverflow.db",
        redis_url=settings.redis_url or _socket_url(settings),
    )


def listed(text: str) -> list[str]:
    """The entries of a list in one setting, with commas or white space between them."""
    return text.replace(",", " ").split()


def setting_names() -> list[str]:
    """The environment variables that are read, aliases and `*_FILE` forms aside."""
    return [field.encode_name for field in msgspec.structs.fields(Settings)]


def _socket_url(settings: Settings) -> str:
    return f"unix://{quote(str(settings.redis_socket))}"


def _value(environ: Mapping[str, str], name: str) -> str:
    spellings = (name, *ALIASES.get(name, ()))
    found = {spelling: environ[spelling] for spelling in spellings if environ.get(spelling)}
    if name in SECRETS and environ.get(f"{name}_FILE"):
        found[f"{name}_FILE"] = _read_secret(f"{name}_FILE", environ[f"{name}_FILE"])
    if len(set(found.values())) > 1:
        raise SettingsError(f"{' and '.join(found)} are both given and differ; give one.")
    return next(iter(found.values()), "")


def _read_secret(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name}: cannot read {path} ({error}).") from error
