"""`catalog`: lists that say of themselves what is not true, and lists that are what they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from prober.config.document.diagnostics import ConfigError
from prober.loader import load
from prober.outcome import Reason
from tests.kinds.offering import ERAS, probed, respond
from tests.peers.http_peer import Act, Call, Script, http_peer, well
from tests.peers.protocol import Era

CATALOG: Final = {"kind": "catalog", "lists": ["tools"]}
Page = dict[str, Any]


def named(*names: str, **members: Any) -> list[dict[str, Any]]:
    return [{"name": name, "inputSchema": {"type": "object"}, **members} for name in names]


def tools(*readings: Page, announced: bool = False, says: Any = None) -> dict[Any, Act]:
    """What `tools/list` says when it is read for the first time, the second, and so on; the last stays.

    `says` are the capabilities, where they are to be others than that of tools.
    """
    read = 0

    async def listing(call: Call) -> None:
        nonlocal read
        page = readings[min(read, len(readings) - 1)]
        read += 1
        await respond(call, (call.good.message or {})["result"] | page)

    async def capabilities(call: Call) -> None:
        if call.good.message is None or "result" not in call.good.message:
            return await well(call)
        result = call.good.message["result"]
        return await respond(call, result | {"capabilities": says or {"tools": {"listChanged": announced}}})

    return {"list": listing, "discover": capabilities, "initialize": capabilities}


@pytest.mark.parametrize("era", ERAS)
async def test_a_list_that_stays_as_it_is_passes_without_a_warning(era: Era, tmp_path: Path) -> None:
    async with http_peer(Script(era=era)) as peer:
        outcome = await probed(peer, {"kind": "catalog", "again": "fail"}, tmp_path)
    assert (outcome.reason, outcome.warnings) == (None, ()), outcome.message
    assert peer.rpc_methods.count("tools/list") == 2


async def test_lists_are_read_once_unless_the_probe_says_again(tmp_path: Path) -> None:
    async with http_peer(Script(faults=tools({"tools": named("a", "b")}, {"tools": named("b", "a")}))) as peer:
        outcome = await probed(peer, CATALOG, tmp_path)
    assert outcome.warnings == ()
    assert peer.rpc_methods.count("tools/list") == 1


ORDER: Final = "tools/list has another order when it is read again: caches of prompts are missed"
STALE: Final = "tools/list changed before its ttlMs was over: clients that go by it keep the old list"
UNTOLD: Final = "tools/list changes, and the server does not announce `listChanged`: clients are not told"
CHANGES: Final[tuple[tuple[str, tuple[Page, Page], bool, list[str]], ...]] = (
    ("another order", ({"tools": named("a", "b")}, {"tools": named("b", "a")}), False, [ORDER]),
    (
        "other bytes",
        ({"tools": named("a", "b")}, {"tools": named("a", "b", description="at 10:15")}),
        False,
        ["tools/list says something else of a, b when it is read again"],
    ),
    (
        "a tool more, and nobody is told",
        ({"tools": named("a")}, {"tools": named("a", "b")}),
        False,
        ["tools/list lists other names when it is read again: b", UNTOLD],
    ),
    (
        "a tool less, as clients are told",
        ({"tools": named("a", "b")}, {"tools": named("a")}),
        True,
        ["tools/list lists other names when it is read again: b"],
    ),
)


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(("pages", "announced", "told"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
async def test_what_changes_between_two_reads_is_warned_of_or_fails_as_the_probe_says(
    pages: tuple[Page, Page], announced: bool, told: list[str], era: Era, tmp_path: Path
) -> None:
    for again, reason in (("warn", None), ("fail", Reason.EXPECTATION_FAILED)):
        async with http_peer(Script(era=era, faults=tools(*pages, announced=announced))) as peer:
            outcome = await probed(peer, CATALOG | {"again": again}, tmp_path)
        assert outcome.reason is reason
        if reason is None:
            assert list(outcome.warnings) == told
        else:
            assert (outcome.message, outcome.step, outcome.warnings) == (told[0], "tools/list", ())


@pytest.mark.parametrize(("ttl", "stale"), [(60_000, True), (0, False), (-5, False)])
async def test_a_change_inside_ttl_is_warned_of(ttl: int, stale: bool, tmp_path: Path) -> None:
    pages = ({"tools": named("a"), "ttlMs": ttl}, {"tools": named("a", "b"), "ttlMs": ttl})
    async with http_peer(Script(faults=tools(*pages, announced=True))) as peer:
        outcome = await probed(peer, CATALOG | {"again": "warn"}, tmp_path)
    if ttl < 0:
        assert outcome.reason is Reason.BAD_RESULT  # the shape of the revision forbids it
    else:
        assert (STALE in outcome.warnings) is stale


@pytest.mark.parametrize("era", ERAS)
async def test_a_ttl_that_no_float_can_hold_is_a_long_one(era: Era, tmp_path: Path) -> None:
    page = {"tools": named("a"), "ttlMs": 10**400}
    async with http_peer(Script(era=era, faults=tools(page))) as peer:
        outcome = await probed(peer, CATALOG | {"again": "warn"}, tmp_path)
    assert (outcome.reason, outcome.warnings) == (None, ()), outcome.message


@pytest.mark.parametrize("era", ERAS)
async def test_a_capability_that_is_no_object_announces_no_changes(era: Era, tmp_path: Path) -> None:
    pages = ({"tools": named("a"), "ttlMs": 0}, {"tools": named("a", "b"), "ttlMs": 0})
    async with http_peer(Script(era=era, faults=tools(*pages, says={"tools": None}))) as peer:
        outcome = await probed(peer, CATALOG | {"again": "warn"}, tmp_path)
    assert outcome.reason is None, outcome.message
    assert UNTOLD in outcome.warnings


@pytest.mark.parametrize(("second", "reason"), [("private", Reason.BAD_RESULT), ("public", None)])
async def test_all_pages_of_a_list_have_one_scope(second: str, reason: Reason | None, tmp_path: Path) -> None:
    pages = (
        {"tools": named("a"), "cacheScope": "public", "nextCursor": "2"},
        {"tools": named("b"), "cacheScope": second},
    )
    async with http_peer(Script(faults=tools(*pages))) as peer:
        outcome = await probed(peer, CATALOG, tmp_path)
    assert outcome.reason is reason
    if reason is not None:
        assert outcome.message == (
            'tools/list has pages of different cacheScope: "public" on the first, "private" on number 2'
        )


# A second credential

MINE: Final = "the-first-token-1001"
YOURS: Final = "the-second-token-2002"


def by_caller(mine: Page, yours: Page, *, later: Page | None = None) -> dict[Any, Act]:
    """What each credential is shown; `later` is what the first is shown when it asks again."""
    asked = 0

    async def listing(call: Call) -> None:
        nonlocal asked
        first = call.request.headers.get("authorization") == f"Bearer {MINE}"
        asked += first
        page = yours if not first else later if later is not None and asked > 1 else mine
        await respond(call, (call.good.message or {})["result"] | page)

    return {"list": listing}


def page(*names: str, scope: str = "public") -> Page:
    return {"tools": named(*names), "cacheScope": scope}


AS: Final = CATALOG | {"as": {"auth": {"bearer": YOURS}}}
TARGET: Final = {"auth": {"bearer": MINE}}


@pytest.mark.parametrize("credentials", [{"auth": {"bearer": YOURS}}, {"headers": {"X-Key": YOURS}}, {}])
async def test_public_lists_that_differ_by_who_asks_are_a_leak(credentials: Any, tmp_path: Path) -> None:
    async with http_peer(Script(faults=by_caller(page("a", "secret"), page("a")))) as peer:
        outcome = await probed(peer, CATALOG | {"as": credentials}, tmp_path, target=TARGET)
    assert (outcome.reason, outcome.step) == (Reason.CACHE_LEAK, "tools/list")
    assert outcome.message == "tools/list differs by who asks (secret), and says cacheScope: public to both"
    assert outcome.evidence[0].detail == "2 with the target's credentials, 1 with those of `as`"
    assert MINE not in str(outcome)
    assert YOURS not in str(outcome)


@pytest.mark.parametrize(
    ("mine", "yours"),
    [
        (page("a", "b"), page("a", "b")),
        (page("a", "b"), page("b", "a")),
        (page("a", "b", scope="private"), page("a", scope="private")),
    ],
    ids=["the same", "another order", "private"],
)
async def test_lists_that_are_the_same_or_private_are_none(mine: Page, yours: Page, tmp_path: Path) -> None:
    async with http_peer(Script(faults=by_caller(mine, yours))) as peer:
        outcome = await probed(peer, AS, tmp_path, target=TARGET)
    assert (outcome.reason, outcome.warnings) == (None, ()), outcome.message


async def test_a_list_that_changed_for_everybody_is_no_leak(tmp_path: Path) -> None:
    async with http_peer(Script(faults=by_caller(page("a"), page("a", "b"), later=page("a", "b")))) as peer:
        outcome = await probed(peer, AS, tmp_path, target=TARGET)
    assert outcome.reason is None
    assert outcome.warnings == (
        "tools/list differs by who asks (b), or has just changed: whether its cacheScope is right cannot be said",
    )


async def test_a_list_that_the_others_are_not_told_of_is_no_leak(tmp_path: Path) -> None:
    async def discover(call: Call) -> None:
        result = (call.good.message or {})["result"]
        mine = call.request.headers.get("authorization") == f"Bearer {MINE}"
        await respond(call, result if mine else result | {"capabilities": {}})

    faults = by_caller(page("a"), page()) | {"discover": discover}
    async with http_peer(Script(faults=faults)) as peer:
        outcome = await probed(peer, AS, tmp_path, target=TARGET)
    assert outcome.reason is None
    assert outcome.warnings == ("tools/list is not announced to the credentials of `as`",)


async def test_a_list_that_flickers_for_the_others_is_no_leak(tmp_path: Path) -> None:
    asked = 0

    async def listing(call: Call) -> None:
        nonlocal asked
        first = call.request.headers.get("authorization") == f"Bearer {MINE}"
        asked += not first
        names = ("a",) if first or asked > 1 else ("a", "b")
        await respond(call, (call.good.message or {})["result"] | page(*names))

    async with http_peer(Script(faults={"list": listing})) as peer:
        outcome = await probed(peer, AS, tmp_path, target=TARGET)
    assert outcome.reason is None
    assert len(outcome.warnings) == 1


async def test_a_list_that_is_public_for_one_alone_is_warned_of(tmp_path: Path) -> None:
    async with http_peer(Script(faults=by_caller(page("a", "b", scope="private"), page("a")))) as peer:
        outcome = await probed(peer, AS, tmp_path, target=TARGET)
    assert outcome.reason is None
    assert outcome.warnings == ("tools/list differs by who asks (b), and is private for one and public for the other",)


async def test_the_handshake_era_has_no_scope_to_hold_anybody_to(tmp_path: Path) -> None:
    async with http_peer(Script(era="handshake")) as peer:
        outcome = await probed(peer, AS, tmp_path, target=TARGET)
        assert peer.rpc_methods.count("initialize") == 1
    assert outcome.reason is None
    assert outcome.warnings == ("the server says nothing of caches in this era: what `as` is given for shows nothing",)


async def test_other_credentials_that_are_refused_are_told_as_such(tmp_path: Path) -> None:
    async def refused(call: Call) -> None:
        if YOURS in call.request.headers.get("authorization", ""):
            return await call.respond(401, {}, YOURS.encode())
        return await well(call)

    async with http_peer(Script(faults={"discover": refused, "list": refused})) as peer:
        outcome = await probed(peer, AS, tmp_path, target=TARGET)
    assert outcome.reason is Reason.UNAUTHORIZED
    assert outcome.message.startswith("with the credentials of `as`: HTTP 401")
    assert YOURS not in str(outcome)


def mistakes(probe: Any, target: Any, folder: Path) -> str:
    path = folder / "probes.yaml"
    path.write_text(json.dumps({"targets": {"t": target}, "probes": {"p": {"target": "t", **probe}}}))
    with pytest.raises(ConfigError) as refused:
        load([path], environ={})
    return str(refused.value)


@pytest.mark.parametrize(
    ("probe", "target", "said"),
    [
        (AS, {"command": ["server"]}, "p.as: only for Streamable HTTP: the target t is of another transport"),
        (CATALOG | {"again": "maybe"}, {"url": "http://127.0.0.1/mcp"}, "p.again: "),
        (CATALOG | {"as": {"token": "x"}}, {"url": "http://127.0.0.1/mcp"}, "p.as.token: unknown key"),
    ],
)
def test_mistakes_are_told_where_they_are(probe: Any, target: Any, said: str, tmp_path: Path) -> None:
    assert said in mistakes(probe, target, tmp_path)
