"""Judges the two documents by which a client finds out where a token is to be had. Pure: no network.

Protected resource metadata (RFC 9728) is the server's own, authorization server metadata (RFC 8414, or OpenID Connect
Discovery) that of each issuer. What an identifier must be equal to stands in RFC 9728 section 3.3 and RFC 8414 section
3.3; that `S256` must be named, and an authorization server, in the MCP specification.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from prober.config.fields.urls import origin_of
from prober.json_values import cap, written

RESOURCE: Final = "oauth-protected-resource"
_SHOWN: Final = 200
_INTERACTIVE: Final = ("authorization_code",)
_GRANTS_BY_DEFAULT: Final = ("authorization_code", "implicit")
"""RFC 8414 section 2: what holds where `grant_types_supported` is left out."""


def inserted(url: str, name: str) -> str:
    """The address of a well-known document of a resource or issuer that has a path."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, f"/.well-known/{name}{parts.path.rstrip('/')}", "", ""))


def resource_addresses(url: str) -> tuple[str, ...]:
    """Where clients look for protected resource metadata without a hint, in their order."""
    return tuple(dict.fromkeys((inserted(url, RESOURCE), inserted(_root(url), RESOURCE))))


def issuer_addresses(issuer: str) -> tuple[str, ...]:
    """Where clients look for the metadata of an issuer, in their order."""
    name, openid = "oauth-authorization-server", "openid-configuration"
    appended = f"{issuer.rstrip('/')}/.well-known/{openid}"
    return tuple(dict.fromkeys((inserted(issuer, name), inserted(issuer, openid), appended)))


def parsed(body: bytes) -> Mapping[str, Any] | None:
    """A JSON object, or None."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def same(one: str, other: str) -> bool:
    """Whether two identifiers are equal but for a slash at the end, which frameworks add to a bare origin."""
    return one.rstrip("/") == other.rstrip("/")


def resource_mistakes(document: Mapping[str, Any], *, resource: str, strict: bool, at_root: bool) -> Iterator[str]:
    """What makes protected resource metadata useless. At the root it may be the metadata of the whole origin."""
    said = document.get("resource")
    if not isinstance(said, str):
        yield "`resource` is missing" if said is None else f"`resource` is {written(said, _SHOWN)}, not a URL"
    elif not (same(_normal(said), _normal(resource)) or (_is_parent(said, resource) and (at_root or not strict))):
        yield f"`resource` is {cap(said, _SHOWN)}, and clients use {cap(resource, _SHOWN)}"
    if not _texts(document.get("authorization_servers")):
        yield "`authorization_servers` names none"


def resource_warnings(document: Mapping[str, Any], *, resource: str) -> Iterator[str]:
    """What a strict client does not accept, and others do."""
    said = document.get("resource")
    if isinstance(said, str) and not same(_normal(said), _normal(resource)):
        yield (
            f"`resource` is {cap(said, _SHOWN)}, a part of the URL: clients that go by RFC 9728 to the letter refuse it"
        )


def issuers_in(document: Mapping[str, Any]) -> Sequence[str]:
    return _texts(document.get("authorization_servers"))


def issuer_mistakes(document: Mapping[str, Any], issuer: str) -> Iterator[str]:
    """What makes the metadata of an authorization server useless to an MCP client."""
    said = document.get("issuer")
    if not isinstance(said, str) or not same(said, issuer):
        yield f"`issuer` is {written(said, _SHOWN)} instead of {cap(issuer, _SHOWN)}"
    if not isinstance(document.get("token_endpoint"), str):
        yield "`token_endpoint` is missing"
    grants = _texts(document.get("grant_types_supported", _GRANTS_BY_DEFAULT))
    if not set(grants) & set(_INTERACTIVE):
        return  # nobody logs in by a browser here: neither an endpoint for that nor PKCE is wanted
    if not isinstance(document.get("authorization_endpoint"), str):
        yield "`authorization_endpoint` is missing"
    methods = _texts(document.get("code_challenge_methods_supported"))
    if "S256" not in methods:
        named = ", ".join(cap(method, 20) for method in methods[:5]) or "nothing"
        yield f"`code_challenge_methods_supported` names {named}, not S256: clients must refuse to go on"


def registration(document: Mapping[str, Any]) -> Mapping[str, bool]:
    """How a client that nobody registered becomes known: by a document of its own, or by registering itself."""
    return {
        "cimd": document.get("client_id_metadata_document_supported") is True,
        "dcr": isinstance(document.get("registration_endpoint"), str),
    }


def _texts(value: Any) -> Sequence[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list | tuple) else []


def _root(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, "", "", ""))


def _normal(url: str) -> str:
    """Scheme, host and port in one form, the rest as it is written."""
    try:
        parts = urlsplit(url)
        return origin_of(url) + parts.path + (f"?{parts.query}" if parts.query else "")
    except ValueError:
        return url


def _is_parent(said: str, resource: str) -> bool:
    """Whether it is the origin of the resource, or a folder above it."""
    return _normal(resource).startswith(_normal(said).rstrip("/") + "/")
