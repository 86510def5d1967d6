"""A tool that does not promise to change nothing is not called, unless the operator says so. Shown by what was sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from prober.outcome import Reason
from tests.kinds.offering import ERAS, called, document, gives, offering, probed, respond, tool
from tests.peers.http_peer import Call
from tests.peers.protocol import Era
from tests.running import run_document

CALL: Final[dict[str, Any]] = {"kind": "call", "tool": "wipe"}
SCENARIO: Final[dict[str, Any]] = {"kind": "scenario", "steps": [{"tool": "wipe"}], "cleanup": [{"tool": "wipe"}]}
REFUSED: Final[dict[str, dict[str, Any]]] = {
    "no annotations": {},
    "annotations without the hint": {"annotations": {"title": "Wipe"}},
    "a hint that is false": {"annotations": {"readOnlyHint": False}},
    "a hint only of not being destructive": {"annotations": {"destructiveHint": False, "idempotentHint": True}},
    "a hint in another place": {"annotations": {}, "readOnlyHint": True},
}


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("probe", [CALL, SCENARIO], ids=["call", "scenario"])
@pytest.mark.parametrize("listing", REFUSED.values(), ids=list(REFUSED))
async def test_a_tool_without_the_hint_is_never_called(
    listing: dict[str, Any], probe: dict[str, Any], era: Era, tmp_path: Path
) -> None:
    async with offering(tool("wipe", read_only=None, **listing), era=era) as peer:
        outcome = await probed(peer, probe, tmp_path)
    assert outcome.reason is Reason.NOT_READ_ONLY
    assert called(peer) == []
    [evidence] = outcome.evidence
    said = {True: "true", False: "false", None: "nothing"}[listing.get("annotations", {}).get("readOnlyHint")]
    assert (evidence.pointer, evidence.expected, evidence.seen) == ("/annotations/readOnlyHint", "true", said)


@pytest.mark.parametrize("hint", [None, "true", 1], ids=repr)
async def test_a_hint_that_is_no_boolean_is_no_hint(hint: Any, tmp_path: Path) -> None:
    async with offering(tool("wipe", read_only=None, annotations={"readOnlyHint": hint})) as peer:
        outcome = await probed(peer, CALL, tmp_path)
    assert outcome.reason in (Reason.NOT_READ_ONLY, Reason.BAD_RESULT)
    assert called(peer) == []


TRUSTED: Final[tuple[tuple[str, dict[str, Any], list[str], bool], ...]] = (
    ("by name", {}, ["wipe"], True),
    ("by a pattern", {"annotations": {"title": "Wipe"}}, ["get_*", "w*"], True),
    ("another name", {}, ["wip", "WIPE", "wipe2"], False),
    ("though it says that it writes", {"annotations": {"readOnlyHint": False}}, ["*"], False),
    ("though its hint is no boolean", {"annotations": {"readOnlyHint": 1}}, ["*"], False),
    ("though it says that it destroys", {"annotations": {"destructiveHint": True}}, ["*"], False),
)


@pytest.mark.parametrize("probe", [CALL, SCENARIO], ids=["call", "scenario"])
@pytest.mark.parametrize(("listing", "names", "is_called"), [row[1:] for row in TRUSTED], ids=[r[0] for r in TRUSTED])
async def test_a_silent_tool_that_the_target_names_as_a_reader_is_called(
    listing: dict[str, Any], names: list[str], is_called: bool, probe: dict[str, Any], tmp_path: Path
) -> None:
    async with offering(tool("wipe", read_only=None, **listing)) as peer:
        outcome = await probed(peer, probe, tmp_path, target={"read_only_tools": names})
    assert (outcome.reason is None, bool(called(peer))) == (is_called, is_called)


@pytest.mark.parametrize("era", ERAS)
async def test_a_tool_that_says_that_it_only_reads_is_called(era: Era, tmp_path: Path) -> None:
    async with offering(tool("wipe"), era=era) as peer:
        assert (await probed(peer, CALL, tmp_path)).reason is None
    assert called(peer) == [("wipe", {})]


@pytest.mark.parametrize("listing", REFUSED.values(), ids=list(REFUSED))
async def test_a_probe_that_allows_writes_calls_it_nevertheless(listing: dict[str, Any], tmp_path: Path) -> None:
    async with offering(tool("wipe", read_only=None, **listing)) as peer:
        outcome = await probed(peer, CALL | {"allow_writes": True}, tmp_path)
    assert outcome.reason is None
    assert called(peer) == [("wipe", {})]


async def test_one_probes_permission_is_not_anothers(tmp_path: Path) -> None:
    async with offering(tool("wipe", read_only=False)) as peer:
        configuration = document(peer, CALL | {"allow_writes": True}, CALL)
        outcomes = await run_document(configuration, tmp_path)
    assert [outcome.reason for outcome in outcomes] == [None, Reason.NOT_READ_ONLY]
    assert len(called(peer)) == 1


async def test_a_hint_that_is_only_on_another_tool_does_not_help(tmp_path: Path) -> None:
    async with offering(tool("read"), tool("wipe", read_only=False)) as peer:
        outcome = await probed(peer, CALL, tmp_path)
    assert outcome.reason is Reason.NOT_READ_ONLY
    assert called(peer) == []


async def test_a_tool_that_is_not_listed_is_not_called_even_where_writes_are_allowed(tmp_path: Path) -> None:
    async with offering(*(tool(f"tool-{number:02}") for number in range(12))) as peer:
        outcome = await probed(peer, CALL | {"allow_writes": True}, tmp_path)
    assert outcome.reason is Reason.TOOL_MISSING
    assert outcome.step == "tools/list"
    assert called(peer) == []
    assert outcome.evidence[0].expected == "wipe"
    assert (outcome.evidence[0].seen or "").endswith("tool-09 and 2 more")


async def test_of_two_tools_of_one_name_the_one_that_may_write_counts(tmp_path: Path) -> None:
    twins = (tool("wipe", read_only=True), tool("wipe", read_only=False), tool("wipe", read_only=True))
    for order in (twins[:2], twins[1:]):
        async with offering(*order) as peer:
            outcome = await probed(peer, CALL, tmp_path)
        assert outcome.reason is Reason.NOT_READ_ONLY
        assert called(peer) == []


async def test_a_listing_that_grows_a_hint_between_two_passes_is_seen(tmp_path: Path) -> None:
    hints = iter([False, True])

    async def listing(call: Call) -> None:
        good = (call.good.message or {})["result"]
        await respond(call, good | {"tools": [tool("wipe", read_only=next(hints)).listing]})

    async with offering(tool("wipe", gives({})), faults={"list": listing}) as peer:
        first = await probed(peer, CALL, tmp_path)
        second = await probed(peer, CALL, tmp_path)
    assert (first.reason, second.reason) == (Reason.NOT_READ_ONLY, None)
    assert len(called(peer)) == 1
