"""The secrets that URLs hold: keys in a query, the user and password of a proxy, what stands in the name of a host."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote, urlsplit

from prober.config.fields.secret import Secret


def query_values(url: str) -> list[str]:
    """The values in the query of a URL, where some servers want their key: as they stand there, and decoded."""
    query = urlsplit(url).query
    raw = [pair.partition("=")[2] for pair in query.split("&")]
    return [*raw, *(value for _, value in parse_qsl(query)), *map(unquote, raw)]


def login_secrets(url: str) -> list[Secret]:
    """Of the user and password in a URL: the password as it stands there and decoded, and the header that is sent."""
    userinfo, at, _ = urlsplit(url).netloc.rpartition("@")
    user, _, password = userinfo.partition(":")
    return [Secret(password), Secret(unquote(password)), basic(unquote(user), unquote(password))] if at else []


def basic(user: str, password: str) -> Secret:
    """The header `Authorization` or `Proxy-Authorization` for a user (RFC 7617)."""
    return Secret(f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}")


def host_secrets(url: str, secrets: Iterable[Secret]) -> list[Secret]:
    """Those in the name of the host, in small letters: so it is looked up, and named where it is not found."""
    host = urlsplit(url).netloc.lower()
    small = {secret.reveal().lower() for secret in secrets}
    return [Secret(text) for text in sorted(small) if text in host]
