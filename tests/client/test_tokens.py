"""Access tokens by client credentials: fetched once, kept while they are good, shown to nobody."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qs

import pytest

from prober.client.http import oauth
from prober.client.http.oauth import EARLY
from prober.client.target_cache import TargetCache, cache_of
from prober.config.fields.secret import Secret
from prober.config.model import ClientCredentials, Target
from prober.outcome import Failure, Reason
from tests.client.opening import failure_of, opened, target, unopened
from tests.leaks import nothing_left_behind
from tests.peers.http_peer import Call, HttpPeer, Script, http_peer, well
from tests.peers.messages import dump
from tests.peers.token_peer import TOKEN, Act, TokenPeer, says, token_peer
from tests.peers.wire import JSON, hang, head, send

CLIENT_SECRET = "open-sesame-1001"
OWN_HEADER = "kq7f3a-9b2c-0d4e"


def gives(token: Any = TOKEN, **more: Any) -> Act:
    return says(200, dump({"access_token": token, "token_type": "Bearer", **more}))


def secured(url: str, token_url: str, **settings: Any) -> Target:
    """A target with a token of its own and a header of its own, both of them secrets."""
    credentials = ClientCredentials(
        token_url=token_url,
        client_id="prober",
        client_secret=Secret(CLIENT_SECRET),
        scope="tools:read",
        audience="https://mcp.example",
    )
    secrets = (Secret(CLIENT_SECRET), Secret(OWN_HEADER))
    return target(url, auth=credentials, secrets=secrets, headers={"X-Tenant": OWN_HEADER}, **settings)


@asynccontextmanager
async def grounds(
    act: Act, script: Script | None = None, **settings: Any
) -> AsyncIterator[tuple[Target, HttpPeer, TokenPeer]]:
    async with http_peer(script) as peer, token_peer(act) as endpoint, nothing_left_behind():
        yield secured(peer.url, endpoint.url, protocol="modern", **settings), peer, endpoint


async def test_the_token_goes_with_every_request_and_the_targets_headers_never_to_the_endpoint() -> None:
    async with grounds(gives(expires_in=3600)) as (where, peer, endpoint), opened(where) as conversation:
        await conversation.call()
    assert [request.headers["authorization"] for request in peer.requests] == [f"Bearer {TOKEN}"] * 2
    assert [request.headers["x-tenant"] for request in peer.requests] == [OWN_HEADER] * 2
    [asked] = endpoint.requests
    assert "x-tenant" not in asked.headers
    assert "mcp-protocol-version" not in asked.headers
    assert OWN_HEADER not in str(asked)
    assert asked.headers["authorization"] == "Basic " + base64.b64encode(f"prober:{CLIENT_SECRET}".encode()).decode()
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["tools:read"],
        "audience": ["https://mcp.example"],
    }
    assert conversation.steps == ["token", "server/discover", "tools/call"]


async def test_ten_sessions_at_once_fetch_one_token() -> None:
    async with grounds(gives(expires_in=3600)) as (where, peer, endpoint):
        target_cache = cache_of(where)

        async def one() -> None:
            async with opened(where, target_cache=target_cache, explicit=False) as conversation:
                await conversation.call()

        async with asyncio.TaskGroup() as tasks:
            for _ in range(10):
                tasks.create_task(one())
    assert len(endpoint.requests) == 1
    assert len(peer.requests) == 10


class Clock:
    """The time that `auth` sees."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    time = monotonic


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(oauth, "time", clock)
    return clock


async def open_once(where: Target, target_cache: TargetCache) -> None:
    async with opened(where, target_cache=target_cache, explicit=False):
        pass


LIFETIMES: list[tuple[dict[str, Any], float]] = [
    ({"expires_in": 3600}, 3600),
    ({"expires_in": "3600"}, 3600),
    ({"expires_in": 90.5}, 90.5),
    ({}, 300),
    ({"expires_in": None}, 300),
    ({"expires_in": "soon"}, 300),
    ({"expires_in": [60]}, 300),
    ({"expires_in": -60}, 300),
    ({"expires_in": 10**400}, 300),
    ({"expires_in": 1e300}, 300),
]


@pytest.mark.parametrize(("told", "lifetime"), LIFETIMES, ids=repr)
async def test_a_token_is_kept_until_shortly_before_its_end(told: Any, lifetime: float, clock: Clock) -> None:
    async with grounds(gives(**told)) as (where, _, endpoint):
        target_cache = cache_of(where)
        await open_once(where, target_cache)
        clock.now += lifetime - EARLY - 1
        await open_once(where, target_cache)
        assert len(endpoint.requests) == 1
        clock.now += 2
        await open_once(where, target_cache)
        assert len(endpoint.requests) == 2


@pytest.mark.parametrize("told", ['"expires_in": NaN', '"expires_in": Infinity', '"expires_in": 1e999'])
async def test_a_lifetime_that_is_no_number_is_the_assumed_one(told: str, clock: Clock) -> None:
    act = says(200, b'{"access_token": "%s", %s}' % (TOKEN.encode(), told.encode()))
    async with grounds(act) as (where, _, endpoint):
        target_cache = cache_of(where)
        await open_once(where, target_cache)
        clock.now += 301
        await open_once(where, target_cache)
    assert len(endpoint.requests) == 2


async def test_a_token_that_ends_at_once_is_used_once() -> None:
    async with grounds(gives(expires_in=5)) as (where, _, endpoint):
        target_cache = cache_of(where)
        for _ in range(3):
            await open_once(where, target_cache)
    assert len(endpoint.requests) == 3


async def test_a_token_that_the_target_refuses_is_reported_and_the_next_run_has_another() -> None:
    async def picky(call: Call) -> None:
        good = call.request.headers["authorization"] == "Bearer token-number-2"
        await (well(call) if good else call.respond(401))

    given = iter(range(1, 10))

    async def numbered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gives(f"token-number-{next(given)}", expires_in=3600)(reader, writer)

    async with grounds(numbered, Script(faults={"call": picky})) as (where, _, endpoint):
        target_cache = cache_of(where)
        failure = await failure_of(where, target_cache=target_cache)
        assert (failure.reason, failure.step) == (Reason.UNAUTHORIZED, "tools/call")
        assert len(endpoint.requests) == 1
        async with opened(where, target_cache=target_cache) as conversation:
            await conversation.call()
    assert len(endpoint.requests) == 2


OPAQUE = "q7Zf0cXw-t4Kd"
NOT_SHOWN = "and an error that is not shown: it is more than plain words"
REFUSALS: dict[str, tuple[Act, str]] = {
    "an error": (says(400, dump({"error": "invalid_client"})), "HTTP 400, invalid_client"),
    "an error at 200": (says(200, dump({"error": "slow_down"})), "HTTP 200, slow_down"),
    "an error in words": (says(401, dump({"error": "Unknown client"})), "HTTP 401, Unknown client"),
    "an error that is a token": (says(200, dump({"error": OPAQUE})), f"HTTP 200, {NOT_SHOWN}"),
    "an error that quotes a token": (says(400, dump({"error": f"no {OPAQUE}"})), f"HTTP 400, {NOT_SHOWN}"),
    "an error that holds a token": (says(200, dump({"error": [{"token": OPAQUE}]})), f"HTTP 200, {NOT_SHOWN}"),
    "no JSON": (says(503, b"sorry", "text/plain"), "HTTP 503 with an answer that is not JSON"),
    "an array": (says(200, b"[]"), "HTTP 200"),
    "nothing": (says(200, b""), "HTTP 200 with an answer that is not JSON"),
    "too deep": (says(200, b"[" * 60_000), "HTTP 200 with an answer that is not JSON"),
    "no token": (gives(None), "its answer holds no access token that could be sent"),
    "an empty token": (gives(""), "its answer holds no access token that could be sent"),
    "a number": (gives(7), "its answer holds no access token that could be sent"),
    "a line break": (gives("x\r\nEvil: 1"), "its answer holds no access token that could be sent"),
    "a space": (gives("two words"), "its answer holds no access token that could be sent"),
    "not ASCII": (gives("schlüssel"), "its answer holds no access token that could be sent"),
    "too long": (gives("x" * 60_000), "its answer holds no access token that could be sent"),
    "too large": (says(200, b" " * 100_000), "the answer is larger than the limit of 65536 bytes"),
}


@pytest.mark.parametrize(("act", "why"), REFUSALS.values(), ids=REFUSALS)
async def test_an_endpoint_that_gives_no_token_is_told_and_the_target_is_not_asked(act: Act, why: str) -> None:
    async with grounds(act) as (where, peer, _):
        failure = await failure_of(where)
    assert (failure.reason, failure.step) == (Reason.TOKEN_FAILED, "token")
    assert failure.message == f"the token endpoint gave no token: {why}"
    assert peer.requests == []


async def half_a_token(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    body = dump({"access_token": TOKEN, "expires_in": 3600})
    await send(writer, head(200, {"Content-Type": JSON, "Content-Length": str(len(body) + 1)}) + body)
    await hang(reader)


async def cut_off_token(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    body = dump({"access_token": TOKEN})
    await send(writer, head(200, {"Content-Type": JSON, "Content-Length": str(len(body) + 1)}) + body)
    writer.close()


async def token_in_the_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A line that no HTTP library can read, and quotes for that."""
    await send(writer, f"HTTP/1.1 200 OK\r\nX Token: {TOKEN}\r\n\r\n".encode())


async def token_alone(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await send(writer, TOKEN.encode())
    writer.close()


async def echo(call: Call) -> None:
    """An error that repeats everything it was sent, as debugging pages do."""
    told = json.dumps({**call.request.headers, "body": call.request.body.decode()})
    await call.respond(500, {"Content-Type": "text/html"}, f"<pre>{told}".encode())


@pytest.mark.parametrize("padding", [0, 100, 150, 170, 1800, 1900, 1950])
@pytest.mark.parametrize(
    ("act", "script"),
    [
        (gives(), Script(faults={"call": echo})),
        *((act, None) for act in (half_a_token, cut_off_token, token_in_the_head, token_alone)),
    ],
    ids=["echoed", "half", "cut off", "in the head", "alone"],
)
async def test_no_token_and_no_secret_is_in_anything_that_is_recorded(
    act: Act, script: Script | None, padding: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []
    async with grounds(act, script) as (where, _, _):
        where = Target(**{**vars(where), "headers": {"A-Padding": Secret("." * padding), **where.headers}})
        async with unopened(where) as conversation:
            try:
                async with asyncio.timeout(0.3):
                    await conversation.session.open(explicit=True)
                    await conversation.call()
            except (Failure, TimeoutError) as error:
                failure = error
        redact = conversation.target_cache.redact
        seen += [str(asdict(exchange)) for exchange in conversation.exchanges]
        if isinstance(failure, Failure):
            seen += [redact(failure.message), *(redact(str(value)) for value in vars(failure.evidence).values())]
    for secret in (TOKEN, CLIENT_SECRET, OWN_HEADER):
        assert not any(secret[:6] in text for text in seen), secret
        assert secret not in caplog.text


async def test_the_deadline_leaves_the_token_to_the_next_who_asks() -> None:
    silent = asyncio.Event()

    async def later(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if silent.is_set():
            await gives()(reader, writer)
        else:
            silent.set()
            await hang(reader)

    async with grounds(later) as (where, _, endpoint):
        target_cache = cache_of(where)
        with pytest.raises(TimeoutError):
            async with opened(where, target_cache=target_cache, within=0.2):
                pass
        await open_once(where, target_cache)
    assert len(endpoint.requests) == 2


async def test_a_certificate_of_the_endpoint_is_not_the_targets() -> None:
    async with grounds(gives()) as (where, _, _), opened(where) as conversation:
        assert conversation.session.certificate_expiry is None


async def test_forgetting_an_old_token_does_not_lose_a_newer_one() -> None:
    source = oauth.TokenSource(
        ClientCredentials(token_url="http://127.0.0.1/token", client_id="x", client_secret=Secret("y"))
    )

    async def fetch() -> str:
        return source.take(200, dump({"access_token": "newer"}))

    assert await source.get(fetch) == "newer"
    source.forget("older")
    assert await source.get(lambda: pytest.fail("it was there")) == "newer"
    source.forget("newer")
    assert await source.get(fetch) == "newer"
