"""Who a client is, as far as limits go."""

import ipaddress

from starlette.requests import HTTPConnection

from taskoverflow.web.access.bearer import bearer_token


def client_of(connection: HTTPConnection) -> str:
    """The name of the token that it sends, or else its address.

    One household or one machine has a whole /64 of IPv6 addresses, which count as one.
    """
    token = bearer_token(connection)
    return f"token {token.name}" if token else address_of(connection)


def address_of(connection: HTTPConnection) -> str:
    """Where it comes from; behind a trusted proxy, what that says."""
    host = connection.client.host if connection.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "local"  # a Unix socket has no address
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
