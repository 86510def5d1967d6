"""`pin` writes down what a server offers, `drift` tells what has changed since, and `catalog` goes by the same file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

import prober.report
from prober.contract.contract import contract_of, dump_contract
from prober.outcome import Reason
from prober.reasons import meaning_of
from tests.cli.command import Done, mcp_prober, quickly, written
from tests.kinds.offering import Tool, document, offering, respond, tool
from tests.peers.http_acts import status
from tests.peers.http_peer import Call, HttpPeer

SHAPE: Final = json.loads((Path(prober.report.__file__).parent / "schema" / "contracts.schema.json").read_text())
CATALOG: Final = {"kind": "catalog", "contract": "contracts/peer.json"}
TEXT: Final = {"type": "string"}


def taking(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": sorted(properties)}


SEARCH: Final = tool("search", description="Search.", inputSchema=taking(query=TEXT))
OTHER: Final = tool("other")


class Offered:
    """What the peer lists: the tests change it between two commands."""

    def __init__(self, *tools: Tool):
        self.tools = tools

    async def act(self, call: Call) -> None:
        good = (call.good.message or {})["result"]
        listed = {"tools": [each.listing for each in self.tools]} if "tools" in good else {}
        await respond(call, good | listed)


def target_of(peer: HttpPeer, folder: Path, **target: Any) -> str:
    return written(document(peer, CATALOG, **target), folder)


CHANGES: Final[tuple[tuple[str, tuple[Tool, ...], int, tuple[str, ...]], ...]] = (
    ("nothing", (SEARCH, OTHER), 0, ("peer: as pinned",)),
    (
        "a tool is gone",
        (SEARCH,),
        1,
        ("peer: 1 breaking", "  ! breaking  tools/other: removed"),
    ),
    (
        "an argument is required",
        (tool("search", description="Search.", inputSchema=taking(query=TEXT, limit=TEXT)), OTHER),
        1,
        ("peer: 1 breaking", "  ! breaking  tools/search/inputSchema/properties/limit: "),
    ),
    ("a tool is new", (SEARCH, OTHER, tool("new")), 0, ("peer: 1 additive", "  + additive  tools/new: added")),
    (
        "words are others",
        (tool("search", description="Find.", inputSchema=taking(query=TEXT)), OTHER),
        0,
        ("peer: 1 cosmetic", '  ~ cosmetic  tools/search/description: was "Search.", is now "Find."'),
    ),
    (
        "all of it, the worst first",
        (tool("search", description="Find.", inputSchema=taking(query=TEXT)), tool("new")),
        1,
        ("peer: 1 breaking, 1 additive, 1 cosmetic", "  ! breaking", "  + additive", "  ~ cosmetic"),
    ),
)


@pytest.mark.parametrize(("later", "code", "told"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
async def test_what_was_pinned_is_compared_with_what_is_there(
    later: tuple[Tool, ...], code: int, told: tuple[str, ...], tmp_path: Path
) -> None:
    offered = Offered(SEARCH, OTHER)
    async with offering(faults={"list": offered.act}) as peer:
        file = target_of(peer, tmp_path)
        pin = await quickly("pin", file)
        offered.tools = later
        drift = await quickly("drift", file)
    assert (pin.code, pin.err) == (0, "")
    assert pin.out == f"peer: 2 tools pinned in {tmp_path / 'contracts' / 'peer.json'}\n"
    assert (drift.code, drift.err) == (code, "")
    lines = drift.out.splitlines()
    assert len(lines) == len(told)
    assert all(line.startswith(part) for line, part in zip(lines, told, strict=True)), drift.out


async def test_pin_says_what_changed_before_it_overwrites(tmp_path: Path) -> None:
    offered = Offered(SEARCH, OTHER)
    async with offering(faults={"list": offered.act}) as peer:
        file = target_of(peer, tmp_path)
        await quickly("pin", file)
        same = await quickly("pin", file)
        offered.tools = (SEARCH,)
        changed = await quickly("pin", file)
    pinned = f"tools pinned in {tmp_path / 'contracts' / 'peer.json'}"
    assert same.out.splitlines() == ["peer: nothing changed", f"peer: 2 {pinned}"]
    assert changed.out.splitlines() == [
        "peer: 1 breaking",
        "  ! breaking  tools/other: removed",
        f"peer: 1 {pinned.replace('tools', 'tool')}",
    ]
    assert changed.code == 0


async def test_the_json_reports_are_documents_of_their_schema(tmp_path: Path) -> None:
    offered = Offered(SEARCH, OTHER)
    async with offering(faults={"list": offered.act}) as peer:
        file = target_of(peer, tmp_path)
        first = await quickly("pin", file, "--output", "json")
        offered.tools = (SEARCH, tool("new \x1b[2J"))
        drift = await quickly("drift", file, "--output", "json")
        again = await quickly("pin", file, "--output", "json")
    async with offering(faults={"list": status(503)}) as peer:
        failed = await quickly("drift", target_of(peer, tmp_path), "--output", "json")
    results = []
    for done in (first, drift, again, failed):
        report = json.loads(done.out)
        Draft202012Validator(SHAPE).validate(report)
        assert done.out.isascii()
        results += report["results"]
    assert [done.code for done in (first, drift, again, failed)] == [0, 1, 0, 1]
    assert [each["pinned"] for each in results] == [True, False, True, False]
    assert [each["summary"] and each["summary"]["breaking"] for each in results] == [None, 1, 1, None]
    assert results[1]["changes"][0] == {"severity": "breaking", "where": "tools/other", "message": "removed"}
    assert (results[3]["failure"]["reason"], results[3]["failure"]["step"]) == ("unavailable", "tools/list")


async def test_only_the_lists_that_a_probe_reads_are_pinned(tmp_path: Path) -> None:
    async with offering(SEARCH) as peer:
        file = written(document(peer, {**CATALOG, "lists": ["prompts"]}), tmp_path)
        await quickly("pin", file)
    pinned = json.loads((tmp_path / "contracts" / "peer.json").read_text())
    assert (pinned["tools"], list(pinned["prompts"])) == ({}, ["greet"])


@pytest.mark.slow
async def test_a_catalog_probe_goes_by_the_pinned_file(tmp_path: Path) -> None:
    offered = Offered(SEARCH, OTHER)
    async with offering(faults={"list": offered.act}) as peer:
        file = target_of(peer, tmp_path)
        before = await mcp_prober("run", file, cwd=tmp_path)
        await mcp_prober("pin", file, cwd=tmp_path)
        good = await mcp_prober("run", file, cwd=tmp_path)
        offered.tools = (SEARCH,)
        bad = await mcp_prober("run", file, "--output", "json", cwd=tmp_path)
        await mcp_prober("pin", file, cwd=tmp_path)
        good_again = await mcp_prober("run", file, cwd=tmp_path)
    assert (before.code, good.code, bad.code, good_again.code) == (2, 0, 1, 0)
    assert "`mcp-prober pin` writes it" in before.err
    assert bad.results["p0"]["reason"] == "contract_broken"
    assert bad.results["p0"]["evidence"][0]["pointer"] == "/tools/other"


async def test_a_pinned_file_is_the_same_each_time_and_readable(tmp_path: Path) -> None:
    async with offering(SEARCH, OTHER) as peer:
        file = target_of(peer, tmp_path)
        texts = []
        for _ in range(2):
            await quickly("pin", file)
            texts.append((tmp_path / "contracts" / "peer.json").read_text())
    assert texts[0] == texts[1]
    assert list(json.loads(texts[0])["tools"]) == ["other", "search"]
    assert len(texts[0].splitlines()) > 20


async def test_only_targets_that_were_named_are_pinned(tmp_path: Path) -> None:
    async with offering(SEARCH) as peer:
        configuration = document(peer, CATALOG, {"kind": "catalog", "contract": "contracts/other.json"})
        configuration["targets"]["other"] = configuration["targets"]["peer"]
        configuration["probes"]["p1"]["target"] = "other"
        done = await quickly("pin", written(configuration, tmp_path), "--target", "other")
    assert done.code == 0
    assert files_in(tmp_path / "contracts") == ["other.json"]


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_a_server_that_cannot_be_asked_is_a_failure_and_leaves_the_file_alone(tmp_path: Path) -> None:
    async with offering(SEARCH) as peer:
        await quickly("pin", target_of(peer, tmp_path))
    before = (tmp_path / "contracts" / "peer.json").read_text()
    ends: list[Done] = []
    async with offering(faults={"list": status(503)}) as peer:
        file = target_of(peer, tmp_path)
        ends += [await quickly(command, file) for command in ("pin", "drift")]
    for done in ends:
        assert (done.code, done.out) == (1, "")
        assert done.err.splitlines() == [
            "peer: unavailable at tools/list: HTTP 503: Service Unavailable",
            "  seen: something went wrong",
            f"  next: {meaning_of(Reason.UNAVAILABLE).next_step}",
        ]
    assert (tmp_path / "contracts" / "peer.json").read_text() == before


async def test_what_a_server_says_does_no_harm_to_the_terminal_or_the_file(tmp_path: Path) -> None:
    hostile = tool("\x1b[2J\nfake: as pinned \udc80", description="\x1b]0;owned\x07\u202e")
    offered = Offered(hostile)
    async with offering(faults={"list": offered.act}) as peer:
        file = target_of(peer, tmp_path)
        pin = await quickly("pin", file)
        offered.tools = (SEARCH,)
        drift = await quickly("drift", file)
    assert (pin.code, drift.code) == (0, 1)
    for said in (pin.out, drift.out):
        assert all(each.isprintable() or each == "\n" for each in said)
    assert len(drift.out.splitlines()) == 3  # the summary, the tool that has gone and the one that came


async def test_a_secret_that_a_server_hands_back_is_neither_pinned_nor_shown(tmp_path: Path) -> None:
    secret = "s3cr3t-0f-th3-targ3t"
    offered = Offered(SEARCH)
    async with offering(faults={"list": offered.act}) as peer:
        file = target_of(peer, tmp_path, headers={"X-Key": "${KEY}"})
        await quickly("pin", file, env={"KEY": secret})
        offered.tools = (tool("search", description=f"Say {secret}.", inputSchema=taking(query=TEXT)),)
        drift = await quickly("drift", file, env={"KEY": secret})
        pin = await quickly("pin", file, env={"KEY": secret})
    assert drift.out.splitlines()[0] == "peer: 1 cosmetic"
    assert pin.code == 1
    assert "not pinned" in pin.err
    everything = drift.out + drift.err + pin.out + pin.err + (tmp_path / "contracts" / "peer.json").read_text()
    assert secret not in everything


@pytest.mark.parametrize("command", ["pin", "drift"])
async def test_why_a_process_could_not_be_asked_is_shown(command: str, tmp_path: Path) -> None:
    crashes = ["/bin/sh", "-c", "echo Usage: server --key KEY; echo no key >&2; exit 2"]
    probe = {"target": "peer", **CATALOG}
    path = written({"targets": {"peer": {"command": crashes}}, "probes": {"p": probe}}, tmp_path)
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "peer.json").write_text(dump_contract(contract_of(tools=[])))
    done = await quickly(command, path)
    assert done.code == 1
    assert done.err.splitlines() == [
        "peer: process_exited at initialize: the process exited with status 2",
        "  detail: no key",
        "  detail: standard output: Usage: server --key KEY",
        f"  next: {meaning_of(Reason.PROCESS_EXITED).next_step}",
    ]
