"""Who can reach a server from outside: nobody may, unless something asks who they are."""

import ipaddress

from taskoverflow.settings import Settings, SettingsError


def is_loopback(host: str) -> bool:
    """Whether a name or an address means this machine alone."""
    try:
        return host.lower() == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def refuse_open_web(settings: Settings) -> None:
    """Raises SettingsError for a web server that anybody could use."""
    if settings.api_tokens or settings.allow_anonymous or is_loopback(settings.host):
        return
    raise SettingsError(
        f"The web server may not listen on {settings.host} without API tokens; make one with "
        "`taskoverflow token new` and set TASKOVERFLOW_API_TOKENS, or set "
        "TASKOVERFLOW_ALLOW_ANONYMOUS=1 to let in whoever comes."
    )


def refuse_open_dashboard(settings: Settings) -> None:
    """Raises SettingsError for a dashboard that anybody could use."""
    guarded = settings.dashboard_password or settings.api_tokens
    if guarded or is_loopback(settings.dashboard_host):
        return
    raise SettingsError(
        f"The dashboard may not listen on {settings.dashboard_host} without a password; "
        "set TASKOVERFLOW_DASHBOARD_PASSWORD, or TASKOVERFLOW_DASHBOARD_HOST to 127.0.0.1."
    )
