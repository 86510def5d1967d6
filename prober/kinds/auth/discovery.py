"""Reads the metadata as a client would, from no origin but the target's own and those of the listed issuers.

No redirect is followed. What lies elsewhere is named in a warning.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from prober.client.exchange import Address
from prober.client.http.stranger import Stranger
from prober.config.fields.urls import complaint, origin_of
from prober.json_values import cap
from prober.kinds.auth.metadata import (
    issuer_addresses,
    issuer_mistakes,
    issuers_in,
    parsed,
    registration,
    resource_addresses,
    resource_mistakes,
    resource_warnings,
    same,
)
from prober.kinds.context import ProbeContext
from prober.outcome import Evidence, Failure, Reason

_RESOURCE: Final = "protected resource metadata"
_SERVER: Final = "authorization server metadata"
_SHOWN: Final = 200
_SHARE: Final = 0.5
"""Of the time that is left: what one document may take before another fault is looked for."""


@dataclass(kw_only=True)
class Discovery:
    """What a client would find out about tokens for the target."""

    context: ProbeContext
    url: str
    """The target's, without its query."""
    resource: str | None
    """As the probe writes it; None stands for `url`."""
    issuers: Sequence[str]
    findings: list[Failure] = field(default_factory=list)
    _strangers: dict[str, Stranger] = field(default_factory=dict)

    async def look(self, hint: str | None) -> None:
        """Read all documents. `hint` is the `resource_metadata` of the challenge."""
        try:
            document = await self._resource_metadata(hint)
            if document is not None:
                await self._servers(document)
        finally:
            for stranger in self._strangers.values():
                await stranger.aclose()

    async def _resource_metadata(self, hint: str | None) -> Mapping[str, Any] | None:
        resource = self.resource or self.url
        addresses = (hint,) if hint is not None else resource_addresses(self.url)
        if hint is not None and not self._is_ours(hint):
            return None
        found = await self._first(addresses, step=_RESOURCE)
        if found is None:
            return None
        address, document = found
        at_root = hint is None and address != addresses[0]
        mistakes = list(
            resource_mistakes(document, resource=resource, strict=self.resource is not None, at_root=at_root)
        )
        self._find(_RESOURCE, address, mistakes)
        if not mistakes and not at_root:
            self.context.warnings += resource_warnings(document, resource=resource)
        return document

    async def _servers(self, document: Mapping[str, Any]) -> None:
        named = issuers_in(document)
        listed = [issuer for issuer in self.issuers if any(same(issuer, each) for each in named)]
        if stray := [each for each in named if not any(same(each, issuer) for issuer in self.issuers)]:
            names = ", ".join(cap(each, _SHOWN) for each in stray[:5])
            self.context.warnings.append(
                f"authorization servers that `issuers` does not list, and nobody asked: {names}"
            )
        if self.issuers and named and not listed:
            names = ", ".join(cap(each, _SHOWN) for each in named[:5])
            message = f"{_RESOURCE} names the authorization servers {names}, none of those that the probe lists"
            self.findings.append(_broken(message, _RESOURCE, seen=names, expected=", ".join(self.issuers)))
        supported = []
        for issuer in listed:
            found = await self._first(issuer_addresses(issuer), step=_SERVER)
            if found is not None:
                address, metadata = found
                self._find(_SERVER, address, list(issuer_mistakes(metadata, issuer)))
                supported.append(registration(metadata))
        self.context.facts["auth_servers"] = len(listed)
        if supported:
            for way in ("cimd", "dcr"):
                self.context.facts[f"auth_registration_{way}"] = float(all(each[way] for each in supported))

    def _is_ours(self, hint: str) -> bool:
        """Whether the address may be fetched. Where it may not, that is a finding."""
        try:
            origin = origin_of(hint)
            usable = complaint(hint) is None
        except ValueError:
            usable = False
        if not usable:
            message = (
                f"`resource_metadata` of WWW-Authenticate is no URL that a client could fetch: {cap(hint, _SHOWN)}"
            )
            self.findings.append(
                Failure(Reason.AUTH_CHALLENGE_WRONG, message, step=_RESOURCE, evidence=Evidence(seen=cap(hint, _SHOWN)))
            )
            return False
        if origin in {origin_of(each) for each in (self.url, *self.issuers)}:
            return True
        self.findings.append(
            Failure(
                Reason.UNDECIDED,
                f"{_RESOURCE} lies at an origin that the probe may not ask: {cap(origin, _SHOWN)}",
                step=_RESOURCE,
                evidence=Evidence(seen=cap(hint, _SHOWN)),
            )
        )
        return False

    async def _first(self, addresses: Sequence[str], *, step: str) -> tuple[str, Mapping[str, Any]] | None:
        """The first document that there is. Where there is none, that is a finding."""
        told = []
        for address in addresses:
            problem, document = await self._read(address, step=step)
            if document is not None:
                return address, document
            told.append(f"{self._shown(address)}: {problem}")
        message = f"no {step} where clients look for it: {'; '.join(told)}"
        self.findings.append(_broken(message, step, seen="; ".join(told), expected="HTTP 200 and a JSON object"))
        return None

    async def _read(self, address: str, *, step: str) -> tuple[str, Mapping[str, Any] | None]:
        origin = origin_of(address)
        if origin not in self._strangers:
            self._strangers[origin] = Stranger(self.context.target, address, log=self.context.log)
        try:
            async with asyncio.timeout(self.context.deadline.left() * _SHARE) as timeout:
                answer = await self._strangers[origin].fetch(address, step=step)
        except TimeoutError:
            if not timeout.expired():
                raise
            return "no answer in time", None
        except Failure as failure:
            if origin == origin_of(self.url) and failure.reason is not Reason.TOO_LARGE:
                raise
            return failure.message, None  # that an issuer cannot be reached is no outage of the target
        if 300 <= answer.status < 400:
            return f"HTTP {answer.status}, a redirect", None
        if answer.status != 200:
            return f"HTTP {answer.status}", None
        document = parsed(answer.body)
        return ("no JSON object", None) if document is None else ("", document)

    def _shown(self, address: str) -> str:
        """Where a document is, without its query, which may hold anything; of the target's own, the path is enough."""
        where = Address.of(address)
        return cap(where.path if origin_of(address) == origin_of(self.url) else str(where), _SHOWN)

    def _find(self, step: str, address: str, mistakes: Sequence[str]) -> None:
        for mistake in mistakes:
            self.findings.append(_broken(f"{step} at {self._shown(address)}: {mistake}", step, seen=mistake))


def _broken(message: str, step: str, *, seen: str, expected: str | None = None) -> Failure:
    return Failure(
        Reason.AUTH_METADATA_BROKEN, message, step=step, evidence=Evidence(seen=cap(seen, 500), expected=expected)
    )
