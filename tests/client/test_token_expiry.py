"""When a token expires, as far as it says so: read from the token, and the token itself is nowhere."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any, Final

import pytest

from prober.client.http.token_expiry import FETCHED, WRITTEN
from prober.outcome import Outcome
from tests.kinds.offering import document
from tests.peers.http_acts import status
from tests.peers.http_peer import Act, Script, http_peer
from tests.peers.messages import dump
from tests.peers.protocol import Step
from tests.peers.token_peer import TOKEN, says, token_peer
from tests.running import run_document

EXPIRY: Final = 1_800_000_000


def jwt(claims: Any) -> str:
    body = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    parts = [base64.urlsafe_b64encode(each).rstrip(b"=").decode() for each in (b'{"alg":"RS256"}', body, b"signature")]
    return ".".join(parts)


async def handshake(folder: Path, *, refused: bool = False, **target: Any) -> Outcome:
    faults: dict[Step, Act] = {"discover": status(401)} if refused else {}
    async with http_peer(Script(faults=faults)) as peer:
        [outcome] = await run_document(document(peer, {"kind": "handshake"}, **target), folder, SECRET="open-sesame")
    return outcome


@pytest.mark.parametrize("refused", [False, True], ids=["accepted", "refused"])
@pytest.mark.parametrize("header", [False, True], ids=["auth", "headers"])
async def test_a_json_web_token_says_when_it_expires_whether_or_not_the_server_takes_it(
    header: bool, refused: bool, tmp_path: Path
) -> None:
    token = jwt({"exp": EXPIRY, "sub": "the-name-of-a-user"})
    how = {"headers": {"authorization": f"bearer {token}"}} if header else {"auth": {"bearer": token}}
    outcome = await handshake(tmp_path, refused=refused, **how)
    assert outcome.facts[WRITTEN] == EXPIRY
    assert FETCHED not in outcome.facts
    for part in (*token.split("."), "the-name-of-a-user"):
        assert part not in repr(outcome)


@pytest.mark.parametrize(
    "token",
    [
        "opaque-token",
        "a.b",
        "a.!!!.c",
        jwt(b"\xff\xfe"),
        jwt(b"[" * 3000),
        jwt([EXPIRY]),
        jwt({}),
        jwt({"exp": str(EXPIRY)}),
        jwt({"exp": True}),
        jwt({"exp": -1}),
        jwt({"exp": 1e300}),
        jwt(b'{"exp": NaN}'),
        jwt(b'{"exp": Infinity}'),
    ],
)
async def test_of_a_token_that_does_not_say_so_nothing_is_known(token: str, tmp_path: Path) -> None:
    outcome = await handshake(tmp_path, auth={"bearer": token})
    assert [fact for fact in outcome.facts if "token" in fact] == []


async def test_only_a_bearer_token_is_read(tmp_path: Path) -> None:
    outcome = await handshake(tmp_path, headers={"X-Key": jwt({"exp": EXPIRY}), "Authorization": "Basic YTpi"})
    assert [fact for fact in outcome.facts if "token" in fact] == []


@pytest.mark.parametrize(
    ("told", "known"), [({"expires_in": 3600}, True), ({"expires_in": "soon"}, False), ({}, False)]
)
async def test_a_token_that_is_fetched_expires_as_its_endpoint_says(
    told: dict[str, Any], known: bool, tmp_path: Path
) -> None:
    before = time.time()
    async with token_peer(says(200, dump({"access_token": TOKEN, "token_type": "Bearer", **told}))) as endpoint:
        credentials = {"token_url": endpoint.url, "client_id": "me", "client_secret": "${SECRET}"}
        outcome = await handshake(tmp_path, auth={"client_credentials": credentials})
    assert outcome.verdict == "pass"
    assert WRITTEN not in outcome.facts
    assert (FETCHED in outcome.facts) is known
    if known:
        assert before + 3600 <= outcome.facts[FETCHED] <= time.time() + 3600
