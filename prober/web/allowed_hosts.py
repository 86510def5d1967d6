"""Decides which host names and which sites a request may come with.

Any web page can make a browser send a request to a server on the browser's own machine. Two attacks are refused here:

- DNS rebinding: the host name of the page is made to point to 127.0.0.1, so the browser lets the page read our
  responses. The name stands in `Host`, so on loopback only names are accepted that nobody else can own.
- Cross-site requests: the page cannot read the response, but a POST has had its effect by then. The browser names the
  site of the page in `Sec-Fetch-Site` (Fetch Metadata) and `Origin` (RFC 6454 section 7).
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers

_NETLOC: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::(?P<port>[0-9]{1,5}))?")


def host_and_port(netloc: str) -> tuple[str, int | None] | None:
    """`localhost:9733` as its host in lower case and its port; None for anything that is no host and port."""
    if (match := _NETLOC.fullmatch(netloc)) is None:
        return None
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 0 < port <= 65535:
        return None
    host = match["host"].lower().removesuffix(".")
    return (host, port) if not host.startswith("[") or _is_ipv6(host[1:-1]) else None


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether a host is a name or address that always means this machine."""
    if host == "localhost":
        return True
    try:
        address = ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def is_allowed_host(host_header: str | None, *, external_url: str | None) -> bool:
    """Whether a request over loopback names a loopback host, or the host of `external_url`.

    A request without `Host` is HTTP/1.0, which no browser speaks.
    """
    if host_header is None:
        return True
    requested = host_and_port(host_header)
    if requested is None:
        return False
    external_host = urlsplit(external_url).hostname if external_url else None
    return is_loopback(requested[0]) or requested[0].strip("[]") == external_host


def is_followed_link(headers: Headers) -> bool:
    """Whether a person has followed a link, which opens a page of its own: no frame, object, picture or script.

    A page that opens a window by itself has no `Sec-Fetch-User`.
    """
    wanted = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "sec-fetch-user": "?1"}
    return all(headers.get(name) == value for name, value in wanted.items())


def is_cross_site(headers: Headers, *, external_url: str | None) -> bool:
    """Whether a browser says that a page of another site sent the request. Programs send no such header."""
    site = headers.get("sec-fetch-site", "none").lower()
    if site not in ("none", "same-origin"):
        return True
    origin = headers.get("origin")
    if origin is None:
        return False
    own_hosts = {headers.get("host", "").lower()}
    if external_url:
        own_hosts.add(urlsplit(external_url).netloc.lower())
    try:
        asking = urlsplit(origin).netloc.lower()
    except ValueError:  # no browser sends such an origin
        return True
    # A page without an origin sends "null".
    return (asking or "null") not in own_hosts
