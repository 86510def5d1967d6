"""URLs in a configuration: stricter than browsers, so that a mistake is found before a run.

The HTTP client accepts every URL that passes here. Messages never quote the URL: an expanded `${…}` may be a secret.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from prober.config.fields.field_types import Text

LONGEST: Final = 8192
PATTERN: Final = "^[Hh][Tt][Tt][Pp][Ss]?://"

_LABEL: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x20\x7f\\\ud800-\udfff]")
_USER: Final = re.compile(
    r"""
    ^ ( (?: [A-Za-z][A-Za-z0-9+.-]*+ : (?= / ) )? /*+ )    # the scheme, where there is one
    (?: [^/?\#]* @                                        # user:password@
      | [^/?\#@:\[]*+ : (?! [0-9]*+ (?: [/?\#] | $ ) ) .* @ # user:pass/word@, where no port follows the colon
    )
    """,
    re.VERBOSE | re.DOTALL,
)
_MALFORMED: Final = "the host is malformed"


def complaint(url: str) -> str | None:
    """The mistake in the URL of a server, or None."""
    split = _split(url)
    if isinstance(split, str):
        return split
    if "@" in split.netloc:
        return "must not hold a user name or password; use headers or auth"
    return None


def proxy_complaint(url: str) -> str | None:
    """The mistake in the URL of a proxy, or None. It may hold a user name and password: proxies need them."""
    split = _split(url)
    if isinstance(split, str):
        return split
    return "a proxy has no path" if split.path not in ("", "/") or split.query else None


def without_query(url: str) -> str:
    """The URL for people, also one with mistakes: its query may hold a token, what stands before an `@` a password."""
    head, mark, _ = _USER.sub(r"\1…@", url, count=1).partition("?")
    return head + mark + "…" if mark else head


def origin_of(url: str) -> str:
    """Scheme, host and port in one form. Raises ValueError for what is no URL of a web server."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("not an http:// or https:// URL")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{scheme}://{host}:{parts.port or (443 if scheme == 'https' else 80)}"


def _split(url: str) -> SplitResult | str:
    if len(url) > LONGEST:
        return f"longer than {LONGEST:,} characters"
    if _UNPRINTABLE.search(url):
        return "must not hold spaces, control characters or backslashes"
    if "#" in url:
        return "must not hold a fragment (#…)"
    try:
        split = urlsplit(url)
    except ValueError:  # its message holds the URL
        return _MALFORMED
    return _host_complaint(split.netloc.rpartition("@")[2]) or split


def _host_complaint(host_and_port: str) -> str | None:
    # By hand: the properties of SplitResult accept hosts that other parsers refuse, such as `a[::1]`.
    match = re.fullmatch(r"(\[[^\[\]]*\]|[^\[\]:]*)(:.*)?", host_and_port)
    if match is None:
        return _MALFORMED
    host, port = match[1], match[2]
    if not host:
        return "needs a host"
    if not host.isascii():
        return "the host must be ASCII; write an international name in its xn-- form"
    if port is not None and not (re.fullmatch(":[0-9]{1,5}", port) and 1 <= int(port[1:]) <= 65535):
        return "the port must be a number from 1 to 65535"
    if host.startswith("["):
        return None if _is_address(IPv6Address, host[1:-1]) else _MALFORMED
    labels = host.removesuffix(".").split(".")
    if all(label.isdecimal() for label in labels):
        return None if _is_address(IPv4Address, host) else "the host is not an IPv4 address"
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return _MALFORMED
    return None


def _is_address(form: type[IPv4Address] | type[IPv6Address], host: str) -> bool:
    try:
        form(host)
    except ValueError:
        return False
    return True


_WANTED: Final = "a URL that begins with http:// or https://"
URL: Final = Text(wanted=_WANTED, pattern=PATTERN, complaint=complaint)
PROXY_URL: Final = Text(wanted=_WANTED, pattern=PATTERN, complaint=proxy_complaint)
