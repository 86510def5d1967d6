"""`auth`: asks the server as a stranger, then reads the metadata that a stranger needs to get a token.

The credentials of the target are never sent, nor any other header of it. All findings of a run are reported together,
the gravest first. A server that lets everybody in is not looked at any further.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Final

from prober.client.http.stranger import Answer, Stranger
from prober.kinds.auth import AuthSettings
from prober.kinds.auth.challenge import parameters
from prober.kinds.auth.discovery import Discovery
from prober.kinds.auth.refusal import challenge_warnings, most_telling, refusal_of
from prober.kinds.auth.strangers import Opening, bogus, forged, openings
from prober.kinds.context import ProbeContext
from prober.kinds.several_failures import first_of
from prober.outcome import Evidence, Failure, Reason

_GRAVEST_FIRST: Final = (
    Reason.AUTH_NOT_ENFORCED,
    Reason.AUTH_CHALLENGE_WRONG,
    Reason.AUTH_METADATA_BROKEN,
    Reason.UNDECIDED,
)


async def run(context: ProbeContext, settings: AuthSettings) -> None:
    target = context.target
    url = (target.url or "").partition("?")[0]
    if target.transport == "stdio":
        raise Failure(Reason.UNDECIDED, "a process has no OAuth: this kind is for servers with a URL")
    if settings.foreign_token is not None:
        context.log.redact.add(settings.foreign_token.reveal())
    stranger = Stranger(target, target.url or "", log=context.log)
    asking = _Asking(context, stranger)
    try:
        challenge = await asking.without_credentials()
        await asking.with_bad_tokens(settings, resource=settings.resource or url)
    finally:
        with suppress(Failure):
            await stranger.aclose()
    context.warnings += challenge_warnings(challenge) if challenge.status == 401 else []
    hint = parameters(challenge.headers.get("www-authenticate", "")).get("resource_metadata")
    discovery = Discovery(context=context, url=url, resource=settings.resource, issuers=settings.issuers)
    await discovery.look(hint)
    _report(asking.findings + discovery.findings)


class _Asking:
    """The requests of a stranger to the target, and what was wrong about the answers."""

    def __init__(self, context: ProbeContext, stranger: Stranger):
        self._stranger = stranger
        self._openings = openings(context.target.transport, context.target_cache.era.value)
        self.findings: list[Failure] = []

    async def without_credentials(self) -> Answer:
        step, answer = await self._asked(None)
        finding = refusal_of(answer, who="without credentials", step=step, known=False)
        if finding is not None and finding.reason is Reason.AUTH_NOT_ENFORCED:
            raise finding
        if finding is not None:
            self.findings.append(finding)
        return answer

    async def with_bad_tokens(self, settings: AuthSettings, *, resource: str) -> None:
        issuer = settings.issuers[0] if settings.issuers else resource
        tokens = {
            "with a made-up token": bogus(),
            "with a token that nobody has signed": forged(issuer, resource, expired=False),
            "with an expired token": forged(issuer, resource, expired=True),
        }
        if settings.foreign_token is not None:
            tokens["with the token of another server"] = settings.foreign_token.reveal()
        for who, token in tokens.items():
            step, answer = await self._asked(token)
            finding = refusal_of(answer, who=who, step=step, known=True)
            if finding is not None:
                self.findings.append(finding)

    async def _asked(self, token: str | None) -> tuple[str, Answer]:
        return most_telling([(each.step, await self._ask(each, token)) for each in self._openings])

    async def _ask(self, opening: Opening, token: str | None) -> Answer:
        answer = await self._stranger.ask(
            opening.method, step=opening.step, headers=opening.headers, content=opening.content, token=token
        )
        session = answer.headers.get("mcp-session-id")
        if session is not None and session.isascii() and session.isprintable():  # leave none behind
            await self._stranger.ask("DELETE", step="close", headers={"Mcp-Session-Id": session}, token=token)
        return answer


def _report(findings: list[Failure]) -> None:
    """Raise the gravest finding, with the others as its evidence."""
    if not findings:
        return
    gravest_first = sorted(findings, key=lambda finding: _GRAVEST_FIRST.index(finding.reason))
    more = f"; and {len(findings) - 1} more" if findings[1:] else ""
    raise first_of(gravest_first, gravest_first[0].message + more, told=_told)


def _told(finding: Failure) -> Evidence:
    seen = finding.evidence.seen
    return replace(finding.evidence, detail=finding.message, seen=None if seen and seen in finding.message else seen)
