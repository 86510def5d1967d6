"""By which names the daemon may be asked, and from which sites.

A web page anywhere can make a browser ask a server on that browser's own machine. Two ways are closed here:

- DNS rebinding: the page's own name is made to point to 127.0.0.1, and the browser takes the answers for the page's.
  The name stands in `Host`, so on loopback only names that nobody else can own are answered to.
- Cross-site requests: the page cannot read the answer, but a POST has done its work by then. The browser says where
  it comes from, in `Sec-Fetch-Site` (Fetch Metadata) and `Origin` (RFC 6454 section 7).
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers

_NETLOC: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::(?P<port>[0-9]{1,5}))?")


def host_and_port(netloc: str) -> tuple[str, int | None] | None:
    """`localhost:9733` as its name in small letters and its port, or None where it is neither."""
    if (match := _NETLOC.fullmatch(netloc)) is None:
        return None
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 0 < port <= 65535:
        return None
    return match["host"].lower().removesuffix("."), port


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by a name or address that cannot be anybody else's."""
    if host == "localhost":
        return True
    try:
        address = ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def is_ours(host_header: str | None, *, external_url: str | None) -> bool:
    """Whether a request that came over loopback asks for a name of loopback, or for the one given by the operator.

    HTTP/1.0 has no `Host`, and no browser speaks it.
    """
    if host_header is None:
        return True
    asked = host_and_port(host_header)
    if asked is None:
        return False
    given = urlsplit(external_url).hostname if external_url else None
    return is_loopback(asked[0]) or asked[0].strip("[]") == given


def comes_from_another_site(headers: Headers, *, external_url: str | None) -> bool:
    """Whether a browser says that a page of another site asks. Programs say nothing, and may ask."""
    site = headers.get("sec-fetch-site", "none").lower()
    if site not in ("none", "same-origin"):
        return True
    origin = headers.get("origin")
    if origin is None:
        return False
    ours = {headers.get("host", "").lower()}
    if external_url:
        ours.add(urlsplit(external_url).netloc.lower())
    # A page without an origin of its own says "null".
    return (urlsplit(origin).netloc.lower() or "null") not in ours
