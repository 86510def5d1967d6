"""`auth`: who is refused and how, and what a client finds out about tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest

from prober.outcome import Outcome, Reason, Verdict
from tests.kinds.offering import ERAS
from tests.peers.auth_peer import FOREIGN, ISSUER_PATH, TOKEN, AuthPeer, Guard, Reply, auth_peer, claims, unexpired
from tests.peers.protocol import Era
from tests.running import run_document

RESOURCE: Final = "/.well-known/oauth-protected-resource/mcp"
ROOT: Final = "/.well-known/oauth-protected-resource"
ISSUER: Final = f"/.well-known/oauth-authorization-server{ISSUER_PATH}"
OPENID_INSERTED: Final = f"/.well-known/openid-configuration{ISSUER_PATH}"
OPENID: Final = f"{ISSUER_PATH}/.well-known/openid-configuration"
SECRETS: Final = {"TOKEN": TOKEN, "FOREIGN": FOREIGN, "KEY": "key-of-the-tenant-0815"}


async def probed(peer: AuthPeer, folder: Path, *, protocol: str | None = None, **probe: Any) -> Outcome:
    """A run against a target with every kind of secret, the issuer listed unless the probe says otherwise."""
    target = {
        "url": f"{peer.url}?key=${{KEY}}",
        "auth": {"bearer": "${TOKEN}"},
        "headers": {"X-Tenant": "${KEY}"},
        "protocol": protocol or peer.guard.era,
    }
    kind = {"target": "peer", "kind": "auth", "issuers": [peer.issuer], **probe}
    [outcome] = await run_document({"targets": {"peer": target}, "probes": {"p": kind}}, folder, **SECRETS)
    return outcome


@pytest.mark.parametrize("protocol", [*ERAS, "auto"])
@pytest.mark.parametrize("era", ERAS)
async def test_a_server_that_refuses_strangers_and_says_where_tokens_are_passes(
    era: Era, protocol: str, tmp_path: Path
) -> None:
    async with auth_peer(Guard(era=era)) as peer:
        outcome = await probed(peer, tmp_path, protocol=protocol, foreign_token="${FOREIGN}")
    assert (outcome.verdict, outcome.message, outcome.warnings) == (Verdict.PASS, "", ())
    assert outcome.facts["auth_servers"] == 1
    assert (outcome.facts["auth_registration_dcr"], outcome.facts["auth_registration_cimd"]) == (1, 0)
    assert "tools/call" not in [request.rpc_method for request in peer.requests]


@pytest.mark.parametrize(
    "guard", [Guard(), Guard(lets_in=lambda token: True), Guard(hint=None, documents={RESOURCE: None})]
)
async def test_nothing_that_the_target_gives_for_entry_is_ever_sent(guard: Guard, tmp_path: Path) -> None:
    async with auth_peer(guard) as peer:
        await probed(peer, tmp_path, protocol="auto", foreign_token="${FOREIGN}")
    assert peer.requests
    for request in peer.requests:
        sent = repr((request.target, request.headers, request.body))
        assert TOKEN not in sent
        assert SECRETS["KEY"] not in sent
        assert "x-tenant" not in request.headers
    foreign = [request for request in peer.requests if FOREIGN in repr(request.headers)]
    assert all(request.path == "/mcp" for request in foreign)


async def test_a_foreign_token_is_in_no_report_though_the_server_repeats_it(tmp_path: Path) -> None:
    def repeats(peer: AuthPeer, token: str | None) -> Reply:
        return (403, {}, f"{token} is not for me".encode()) if token == FOREIGN else peer.refusal(token)

    async with auth_peer(Guard(refuses=repeats)) as peer:
        outcome = await probed(peer, tmp_path, foreign_token="${FOREIGN}")
    assert outcome.message == "HTTP 403 instead of 401 to a request with the token of another server"
    assert FOREIGN not in repr(outcome)
    assert "is not for me" in repr(outcome)


def answers(status: int, *, to: Callable[[str | None], bool] = lambda token: True, **headers: str) -> Guard:
    """A guard that refuses some tokens in another way than by the right 401."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def refuses(peer: AuthPeer, token: str | None) -> Reply:
        return (status, named, b"no") if to(token) else peer.refusal(token)

    return Guard(refuses=refuses)


def is_made_up(token: str | None) -> bool:
    return token is not None and not claims(token)


@dataclass(frozen=True, kw_only=True)
class Case:
    guard: Guard
    reason: Reason | None
    message: str = ""
    """How it begins."""
    warning: str = ""
    probe: Mapping[str, Any] | None = None


NOT_ENFORCED, CHALLENGE, BROKEN = Reason.AUTH_NOT_ENFORCED, Reason.AUTH_CHALLENGE_WRONG, Reason.AUTH_METADATA_BROKEN
ABOUT_RESOURCE: Final = f"protected resource metadata at {RESOURCE}: "
ABOUT_ISSUER: Final = f"authorization server metadata at {ISSUER}: "

CASES: Final = {
    "open to everybody": Case(
        guard=Guard(lets_in=lambda token: True),
        reason=NOT_ENFORCED,
        message="HTTP 200 to a request without credentials",
    ),
    "any token is good": Case(
        guard=Guard(lets_in=lambda token: token is not None),
        reason=NOT_ENFORCED,
        message="HTTP 200 to a request with a made-up token; and 2 more",
    ),
    "no signature is checked": Case(
        guard=Guard(lets_in=unexpired),
        reason=NOT_ENFORCED,
        message="HTTP 200 to a request with a token that nobody has signed",
    ),
    "no expiry is checked": Case(
        guard=Guard(lets_in=lambda token: bool(claims(token)) and not unexpired(token)),
        reason=NOT_ENFORCED,
        message="HTTP 200 to a request with an expired token",
    ),
    "no audience is checked": Case(
        guard=Guard(lets_in=lambda token: token == FOREIGN),
        reason=NOT_ENFORCED,
        message="HTTP 200 to a request with the token of another server",
        probe={"foreign_token": "${FOREIGN}"},
    ),
    "the audience is not asked about": Case(guard=Guard(lets_in=lambda token: token == FOREIGN), reason=None),
    "403": Case(
        guard=answers(403), reason=CHALLENGE, message="HTTP 403 instead of 401 to a request without credentials"
    ),
    "400": Case(
        guard=answers(400), reason=CHALLENGE, message="HTTP 400 instead of 401 to a request without credentials"
    ),
    "a redirect to a login page": Case(
        guard=answers(307, Location="https://login.example/start?state=s3"),
        reason=CHALLENGE,
        message="HTTP 307, to https://login.example/start instead of 401 to a request without credentials",
    ),
    "a login page": Case(
        guard=answers(200, Content_Type="text/html"),
        reason=CHALLENGE,
        message="HTTP 200 instead of 401 to a request without credentials",
    ),
    "an error with status 200": Case(
        guard=Guard(refuses=lambda peer, token: (200, {"Content-Type": "application/json"}, b'{"error": "no"}')),
        reason=CHALLENGE,
        message="HTTP 200 instead of 401 to a request without credentials",
    ),
    "401 without a challenge": Case(
        guard=answers(401),
        reason=CHALLENGE,
        message="HTTP 401 without a WWW-Authenticate header to a request without credentials",
    ),
    "500 at a token that cannot be read": Case(
        guard=answers(500, to=is_made_up),
        reason=CHALLENGE,
        message="HTTP 500 instead of 401 to a request with a made-up token",
    ),
    "another scheme": Case(
        guard=answers(401, WWW_Authenticate='Basic realm="bearer, Bearer x"'),
        reason=None,
        warning="WWW-Authenticate names no Bearer scheme",
    ),
    "nothing at the path": Case(guard=answers(404), reason=Reason.NOT_FOUND, message="HTTP 404 to a request without"),
    "too many requests": Case(guard=answers(429, to=is_made_up), reason=Reason.RATE_LIMITED, message="HTTP 429 to"),
    "not ready": Case(guard=answers(503), reason=Reason.UNAVAILABLE, message="HTTP 503 to"),
    "a failure": Case(guard=answers(500), reason=Reason.SERVER_ERROR, message="HTTP 500 to"),
    "no hint, found by its path": Case(guard=Guard(hint=None), reason=None),
    "no hint, found at the root": Case(
        guard=Guard(
            hint=None, documents={RESOURCE: None, ROOT: {"resource": "ORIGIN", "authorization_servers": ["AS"]}}
        ),
        reason=None,
    ),
    "no metadata at all": Case(
        guard=Guard(hint=None, documents={RESOURCE: None}),
        reason=BROKEN,
        message=f"no protected resource metadata where clients look for it: {RESOURCE}: HTTP 404; {ROOT}: HTTP 404",
    ),
    "a hint that leads nowhere": Case(
        guard=Guard(hint="/lost"),
        reason=BROKEN,
        message="no protected resource metadata where clients look for it: /lost: HTTP 404",
    ),
    "a hint that leads elsewhere": Case(
        guard=Guard(hint="https://elsewhere.example/prm"),
        reason=Reason.UNDECIDED,
        message="protected resource metadata lies at an origin that the probe may not ask: https://elsewhere.example:443",
    ),
    "a hint that is no URL": Case(
        guard=Guard(hint="file://etc/passwd"),
        reason=CHALLENGE,
        message="`resource_metadata` of WWW-Authenticate is no URL",
    ),
    "a hint with a tab in it": Case(
        guard=Guard(hint="http://127.0.0.1:9/a\tb"),
        reason=CHALLENGE,
        message="`resource_metadata` of WWW-Authenticate is no URL",
    ),
    "a hint with a password": Case(
        guard=Guard(hint="http://a:b@127.0.0.1:9/"),
        reason=CHALLENGE,
        message="`resource_metadata` of WWW-Authenticate is no URL",
    ),
    "a redirected document": Case(
        guard=Guard(documents={RESOURCE: (302, {"Location": "/elsewhere"}, b"")}),
        reason=BROKEN,
        message=f"no protected resource metadata where clients look for it: {RESOURCE}: HTTP 302, a redirect",
    ),
    "a page in place of the document": Case(
        guard=Guard(documents={RESOURCE: (200, {"Content-Type": "text/html"}, b"<p>hello")}),
        reason=BROKEN,
        message=f"no protected resource metadata where clients look for it: {RESOURCE}: no JSON object",
    ),
    "another resource": Case(
        guard=Guard(documents={RESOURCE: {"resource": "http://10.0.0.7:8000/mcp"}}),
        reason=BROKEN,
        message=ABOUT_RESOURCE + "`resource` is http://10.0.0.7:8000/mcp, and clients use http://127.0.0.1:",
    ),
    "another resource, as the probe says": Case(
        guard=Guard(documents={RESOURCE: {"resource": "https://mcp.example/mcp/"}}),
        reason=None,
        probe={"resource": "HTTPS://mcp.example:443/mcp"},
    ),
    "a neighbour's resource": Case(
        guard=Guard(documents={RESOURCE: {"resource": "ORIGIN/mc"}}),
        reason=BROKEN,
        message=ABOUT_RESOURCE + "`resource` is",
    ),
    "the origin as the resource": Case(
        guard=Guard(documents={RESOURCE: {"resource": "ORIGIN/"}}),
        reason=None,
        warning="`resource` is http://127.0.0.1:",
    ),
    "no resource": Case(
        guard=Guard(documents={RESOURCE: {"resource": None}}),
        reason=BROKEN,
        message=ABOUT_RESOURCE + "`resource` is missing",
    ),
    "no authorization server": Case(
        guard=Guard(documents={RESOURCE: {"authorization_servers": []}}),
        reason=BROKEN,
        message=ABOUT_RESOURCE + "`authorization_servers` names none",
    ),
    "an authorization server that is not listed": Case(
        guard=Guard(documents={RESOURCE: {"authorization_servers": ["https://evil.example"]}}),
        reason=BROKEN,
        message="protected resource metadata names the authorization servers https://evil.example, none of those",
        warning="authorization servers that `issuers` does not list, and nobody asked: https://evil.example",
    ),
    "one more authorization server": Case(
        guard=Guard(documents={RESOURCE: {"authorization_servers": ["AS", "https://more.example"]}}),
        reason=None,
        warning="authorization servers that `issuers` does not list, and nobody asked: https://more.example",
    ),
    "no list of issuers": Case(
        guard=Guard(),
        reason=None,
        warning="authorization servers that `issuers` does not list, and nobody asked: http://127.0.0.1:",
        probe={"issuers": []},
    ),
    "another issuer": Case(
        guard=Guard(documents={ISSUER: {"issuer": "https://other.example"}}),
        reason=BROKEN,
        message=ABOUT_ISSUER + "`issuer` is https://other.example instead of http://127.0.0.1:",
    ),
    "no S256": Case(
        guard=Guard(documents={ISSUER: {"code_challenge_methods_supported": ["plain"]}}),
        reason=BROKEN,
        message=ABOUT_ISSUER + "`code_challenge_methods_supported` names plain, not S256",
    ),
    "no PKCE at all": Case(
        guard=Guard(documents={ISSUER: {"code_challenge_methods_supported": None}}),
        reason=BROKEN,
        message=ABOUT_ISSUER + "`code_challenge_methods_supported` names nothing, not S256",
    ),
    "no PKCE where no person logs in": Case(
        guard=Guard(
            documents={
                ISSUER: {"code_challenge_methods_supported": None, "grant_types_supported": ["client_credentials"]}
            }
        ),
        reason=None,
    ),
    "no token endpoint": Case(
        guard=Guard(documents={ISSUER: {"token_endpoint": None}}),
        reason=BROKEN,
        message=ABOUT_ISSUER + "`token_endpoint` is missing",
    ),
    "no authorization endpoint": Case(
        guard=Guard(documents={ISSUER: {"authorization_endpoint": None}}),
        reason=BROKEN,
        message=ABOUT_ISSUER + "`authorization_endpoint` is missing",
    ),
    "no metadata of the issuer": Case(
        guard=Guard(documents={ISSUER: None}),
        reason=BROKEN,
        message=f"no authorization server metadata where clients look for it: {ISSUER}: HTTP 404;"
        f" {OPENID_INSERTED}: HTTP 404; {OPENID}: HTTP 404",
    ),
}


def filled(value: Any, peer: AuthPeer) -> Any:
    """The value with the addresses of the peer in it."""
    if isinstance(value, str):
        return peer.issuer if value == "AS" else value.replace("ORIGIN", peer.origin)
    if isinstance(value, dict):
        return {name: filled(each, peer) for name, each in value.items()}
    return [filled(each, peer) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_a_server_is_judged_for_what_it_does(case: Case, era: Era, tmp_path: Path) -> None:
    async with auth_peer(case.guard) as peer:
        peer.guard = replace(case.guard, era=era, documents=filled(case.guard.documents, peer))
        outcome = await probed(peer, tmp_path, **(case.probe or {}))
    assert outcome.reason is case.reason, outcome.message
    assert outcome.message.startswith(case.message) if case.message else outcome.message == ""
    assert [case.warning in warning for warning in outcome.warnings] == [True] * bool(case.warning)
    if case.reason is not None:
        assert outcome.step
        assert outcome.evidence[0].seen


@pytest.mark.parametrize("path", [OPENID_INSERTED, OPENID])
async def test_metadata_of_openid_connect_are_as_good(path: str, tmp_path: Path) -> None:
    async with auth_peer() as peer:
        peer.guard = Guard(documents={ISSUER: None, path: peer.documents()[ISSUER]})
        outcome = await probed(peer, tmp_path)
    assert (outcome.verdict, outcome.message) == (Verdict.PASS, "")


async def test_all_that_is_wrong_is_reported_at_once_the_gravest_first(tmp_path: Path) -> None:
    guard = replace(
        answers(403, to=lambda token: token is None),
        lets_in=lambda token: token == FOREIGN,
        documents={RESOURCE: {"resource": "https://x.example"}, ISSUER: {"issuer": "https://y.example"}},
    )
    async with auth_peer(replace(guard, hint=None)) as peer:
        outcome = await probed(peer, tmp_path, foreign_token="${FOREIGN}")
    assert outcome.message == "HTTP 200 to a request with the token of another server; and 3 more"
    assert [each.detail for each in outcome.evidence[1:]] == [
        "HTTP 403 instead of 401 to a request without credentials",
        f"protected resource metadata at {RESOURCE}: `resource` is https://x.example, and clients use {peer.url}",
        f"authorization server metadata at {ISSUER}: `issuer` is https://y.example instead of {peer.issuer}",
    ]


async def test_an_issuer_that_cannot_be_reached_is_no_outage_of_the_target(tmp_path: Path) -> None:
    gone = "http://127.0.0.1:9"
    async with auth_peer(Guard(documents={RESOURCE: {"authorization_servers": [gone]}})) as peer:
        outcome = await probed(peer, tmp_path, issuers=[gone])
    assert outcome.reason is Reason.AUTH_METADATA_BROKEN
    assert f"{gone}/.well-known/oauth-authorization-server: Connection refused" in outcome.message


async def test_only_the_target_and_the_listed_issuers_are_asked(tmp_path: Path) -> None:
    async with auth_peer() as stray, auth_peer() as peer:
        peer.guard = Guard(documents={RESOURCE: {"authorization_servers": [stray.issuer]}})
        outcome = await probed(peer, tmp_path, issuers=[])
    assert outcome.verdict is Verdict.PASS
    assert stray.requests == []


async def test_a_server_that_nobody_listens_at_is_down_and_not_wrong(tmp_path: Path) -> None:
    async with auth_peer() as peer:
        pass
    assert (await probed(peer, tmp_path)).reason is Reason.CONNECT_REFUSED
