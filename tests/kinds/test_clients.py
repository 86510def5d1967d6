"""`clients`: the list of tools, read once, by the rules of clients and models."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from prober.lint.rules import rules
from prober.outcome import Outcome, Reason, Verdict
from prober.reasons import next_step
from tests.kinds.offering import ERAS, offering, probed, tool
from tests.lint.table_of_rules import Listing, takes
from tests.lint.table_of_rules import tool as listed
from tests.peers.protocol import Era

CLIENTS: Final = {"kind": "clients"}
ARRAY: Final = takes(tags={"type": "array"})


def told(listing: Listing, name: str) -> Any:
    """A tool of the peer that is listed like this."""
    members = {key: value for key, value in listing.items() if key != "name"}
    return tool(name, **members)


async def looked_at(folder: Path, *tools: Any, era: Era = "modern", **probe: Any) -> Outcome:
    async with offering(*tools, era=era) as peer:
        return await probed(peer, CLIENTS | probe, folder)


@pytest.mark.parametrize("era", ERAS)
async def test_a_list_that_all_clients_take_passes_and_is_read_once(era: Era, tmp_path: Path) -> None:
    async with offering(told(listed(), "one"), told(listed(), "two"), era=era) as peer:
        outcome = await probed(peer, CLIENTS, tmp_path)
    assert (outcome.verdict, outcome.warnings) == (Verdict.PASS, ())
    assert peer.rpc_methods.count("tools/list") == 1
    assert "tools/call" not in peer.rpc_methods
    assert outcome.facts["tools"] == 2
    assert {outcome.facts[f"client_usable_{client}"] for client in rules().usual("http")} == {1}
    assert outcome.facts["client_findings_error"] == outcome.facts["client_findings_warning"] == 0


@pytest.mark.parametrize("era", ERAS)
async def test_a_schema_that_clients_refuse_fails_with_tool_place_rule_and_source(era: Era, tmp_path: Path) -> None:
    outcome = await looked_at(tmp_path, told(listed(), "fine"), told(ARRAY, "find"), era=era)
    assert (outcome.reason, outcome.step) == (Reason.CLIENT_UNUSABLE, "tools/list")
    assert outcome.message == (
        "3 of 10 clients cannot use all tools: OpenAI API, Gemini API, VS Code; first:"
        " /tools/find/inputSchema/properties/tags: A request with an array that does not say what its elements are is"
        " refused."
    )
    first = outcome.evidence[0]
    assert (first.pointer, first.keyword) == ("/tools/find/inputSchema/properties/tags", "openai_array_items")
    assert first.detail is not None
    assert first.detail.endswith(
        f"https://github.com/bnb-chain/bnbchain-mcp/issues/68, as of 2026-03-30; rules of {rules().version}"
    )
    assert [each.keyword for each in outcome.evidence[1:]] == ["gemini_array_items", "vscode_array_items"]
    assert [outcome.facts[f"client_usable_{client}"] for client in ("openai", "claude_code")] == [0, 1]
    assert outcome.facts["client_findings_error"] == 3


@pytest.mark.parametrize("era", ERAS)
async def test_a_list_that_the_specification_does_not_allow_is_told_by_what_clients_do_with_it(
    era: Era, tmp_path: Path
) -> None:
    bad = told(listed(inputSchema={"anyOf": [{"type": "object"}]}), "find")
    outcome = await looked_at(tmp_path, told(listed(), "fine"), bad, era=era, clients=["claude_code"])
    assert outcome.reason is Reason.CLIENT_UNUSABLE
    assert "all tools of the server are dropped without a word" in outcome.message


@pytest.mark.parametrize(
    ("probe", "verdict"),
    [
        ({}, Verdict.FAIL),
        ({"clients": ["claude_code", "cursor"]}, Verdict.PASS),
        ({"clients": ["cursor", "openai"]}, Verdict.FAIL),
        ({"fail_on": "never"}, Verdict.PASS),
        ({"clients": ["claude_strict"]}, Verdict.FAIL),
    ],
    ids=repr,
)
async def test_only_the_clients_that_are_named_count(probe: dict[str, Any], verdict: Verdict, tmp_path: Path) -> None:
    outcome = await looked_at(tmp_path, told(ARRAY, "find"), **probe)
    assert outcome.verdict is verdict
    named = probe.get("clients", rules().usual("http"))
    assert {fact.removeprefix("client_usable_") for fact in outcome.facts if "usable" in fact} == {*named}


@pytest.mark.parametrize(("fail_on", "verdict"), [("error", Verdict.PASS), ("warning", Verdict.FAIL)])
async def test_a_warning_fails_only_who_wants_it(fail_on: str, verdict: Verdict, tmp_path: Path) -> None:
    long = told(listed(description="d" * 3000), "find")
    outcome = await looked_at(tmp_path, long, clients=["claude_code"], fail_on=fail_on)
    assert outcome.verdict is verdict
    assert [warning.partition(":")[0] for warning in outcome.warnings] == (
        ["Claude Code, claude_code_description (find)"] if verdict is Verdict.PASS else []
    )


async def test_a_server_without_tools_is_not_green(tmp_path: Path) -> None:
    outcome = await looked_at(tmp_path)
    assert (outcome.reason, outcome.message) == (
        Reason.TOOL_MISSING,
        "the server lists no tools: there is nothing that a client could use",
    )


async def test_a_schema_too_large_to_look_at_is_not_green_either(tmp_path: Path) -> None:
    deep: dict[str, Any] = {}
    for _ in range(120):
        deep = {"items": deep}
    outcome = await looked_at(tmp_path, told(listed(inputSchema={"type": "object", "properties": {"a": deep}}), "find"))
    assert (outcome.verdict, outcome.reason) == (Verdict.UNKNOWN, Reason.UNDECIDED)
    assert outcome.message == "tools with schemas that are too large or no Unicode, so not looked at: 1 (find)"
    assert [fact for fact in outcome.facts if "usable" in fact] == []


async def test_a_schema_that_is_no_unicode_is_not_green_either(tmp_path: Path) -> None:
    outcome = await looked_at(tmp_path, told(takes(a={"type": "string", "b\ud800": 1}), "find"), clients=["cursor"])
    assert outcome.reason is None
    outcome = await looked_at(
        tmp_path, told(takes(a={"type": "string", "b\ud800": 1}), "find"), clients=["specification"]
    )
    assert (outcome.verdict, outcome.reason) == (Verdict.UNKNOWN, Reason.UNDECIDED)
    assert "no Unicode" in outcome.message


@pytest.mark.parametrize("kind", ["clients", "catalog"])
async def test_the_list_may_take_so_many_tokens_and_no_more(kind: str, tmp_path: Path) -> None:
    tools = [told(listed(), "short"), told(listed(description="d" * 1000), "long")]
    async with offering(*tools) as peer:
        within = await probed(peer, {"kind": kind, "max_tokens": 330}, tmp_path)
        over = await probed(peer, {"kind": kind, "max_tokens": 300}, tmp_path)
    assert within.verdict is Verdict.PASS
    size = int(within.facts["tools_bytes"])
    assert 1200 < size <= 330 * 4
    assert (over.reason, over.step) == (Reason.EXPECTATION_FAILED, "tools/list")
    assert over.message == f"the list of tools takes about {-(-size // 4)} tokens, the budget is 300"
    [proof] = over.evidence
    assert (proof.expected, proof.seen) == ("at most 300 tokens", f"{size:,} bytes / 4")
    assert proof.detail is not None
    assert proof.detail.startswith("bytes of the heaviest tools: long 1,")
    assert "raise `max_tokens` of the probe p0" in next_step(Reason.EXPECTATION_FAILED, proof, {"probe": "p0"})


async def test_a_secret_of_the_target_is_masked_in_what_is_told_of_the_list(tmp_path: Path) -> None:
    async with offering(told(ARRAY, "find-s3cr3t-value"), told(listed(description="d" * 3000), "s3cr3t-value")) as peer:
        target = {"headers": {"X-Key": "${KEY}"}}
        outcome = await probed(peer, CLIENTS, tmp_path, target=target, KEY="s3cr3t-value")
    assert outcome.reason is Reason.CLIENT_UNUSABLE
    assert "s3cr3t" not in repr(outcome)
