"""`catalog`: every page of everything that is announced, against what must be there and against a contract."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from prober.contract.contract import contract_of, dump_contract
from prober.kinds.catalog.listing import Listing
from prober.kinds.catalog.run import _contract, _weigh
from prober.outcome import Reason
from tests.assertions.ticking import PROMISE, ticking
from tests.kinds.offering import ERAS, offering, probed, respond, tool
from tests.peers.cases import CONTRACT
from tests.peers.http_peer import Act, Call, Script, http_peer
from tests.peers.messages import dump
from tests.peers.protocol import ECHO, FACTS, FORGET, GREET, ITEM, Era, Message, Step
from tests.peers.wire import JSON

CATALOG: Final = {"kind": "catalog"}
LISTS: Final = ["tools/list", "prompts/list", "resources/list", "resources/templates/list"]

PAGES: Final[Mapping[str, tuple[str, list[Message]]]] = {
    "tools/list": ("tools", [ECHO, FORGET, tool("third").listing]),
    "prompts/list": ("prompts", [GREET, {"name": "part"}]),
    "resources/list": ("resources", [{"uri": f"peer://{n}", "name": f"r{n}"} for n in range(4)]),
    "resources/templates/list": ("resourceTemplates", [ITEM]),
}


async def one_a_page(call: Call) -> None:
    """Every list with one item a page; a cursor is the text that the page before it gave, and nothing else."""
    key, items = PAGES[call.request.rpc_method or ""]
    cursor = call.request.message["params"].get("cursor", f"{key}=0")
    name, _, at = cursor.partition("=")
    assert name == key
    following = {"nextCursor": f"{key}={int(at) + 1}"} if int(at) + 1 < len(items) else {}
    good = (call.good.message or {})["result"]
    await respond(call, good | {key: items[int(at) : int(at) + 1]} | following)


@pytest.mark.parametrize("era", ERAS)
async def test_every_page_of_every_list_is_read(era: Era, tmp_path: Path) -> None:
    async with http_peer(Script(era=era, faults={"list": one_a_page})) as peer:
        wanted = {"tools": ["third", "echo"], "prompts": ["part"], "resources": ["peer://3"]}
        outcome = await probed(peer, CATALOG | wanted, tmp_path)
    assert outcome.reason is None, outcome.message
    assert {name: outcome.facts[name] for name in ("tools", "prompts", "resources")} == {
        "tools": 3,
        "prompts": 2,
        "resources": 4,
    }
    lists = Counter(method for method in peer.rpc_methods if method.endswith("list"))
    assert lists == {"tools/list": 3, "prompts/list": 2, "resources/list": 4, "resources/templates/list": 1}


def announcing(*capabilities: str) -> Mapping[Step, Act]:
    """What `discover` and `initialize` say that the server has."""

    async def act(call: Call) -> None:
        good = (call.good.message or {})["result"]
        result = good | {"capabilities": {name: {} for name in capabilities}}
        message = {"jsonrpc": "2.0", "id": call.request.rpc_id, "result": result}
        await call.respond(200, {"Content-Type": JSON}, dump(message))

    return {"discover": act, "initialize": act}


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    ("capabilities", "lists"),
    [
        ((), []),
        (("tools",), LISTS[:1]),
        (("prompts", "logging"), LISTS[1:2]),
        (("resources",), LISTS[2:]),
        (("tools", "prompts", "resources"), LISTS),
    ],
    ids=str,
)
async def test_only_what_is_announced_is_asked_for(
    capabilities: tuple[str, ...], lists: list[str], era: Era, tmp_path: Path
) -> None:
    async with offering(era=era, faults=announcing(*capabilities)) as peer:
        outcome = await probed(peer, CATALOG, tmp_path)
    assert outcome.reason is None, outcome.message
    assert [method for method in peer.rpc_methods if method.endswith("list")] == lists


@pytest.mark.parametrize(
    ("settings", "reason", "step"),
    [
        ({"tools": ["echo", "gone", "away"]}, Reason.TOOL_MISSING, "tools/list"),
        ({"prompts": ["gone"]}, Reason.EXPECTATION_FAILED, "prompts/list"),
        ({"resources": ["peer://gone"]}, Reason.EXPECTATION_FAILED, "resources/list"),
        ({"prompts": ["gone"], "tools": ["gone"]}, Reason.TOOL_MISSING, "tools/list"),
    ],
    ids=str,
)
async def test_what_must_be_there_and_is_not_fails(
    settings: dict[str, Any], reason: Reason, step: str, tmp_path: Path
) -> None:
    async with http_peer(Script()) as peer:
        outcome = await probed(peer, CATALOG | settings, tmp_path)
    assert (outcome.reason, outcome.step) == (reason, step)
    section = step.partition("/")[0]
    missing = sorted(name for name in settings[section] if name != "echo")
    assert outcome.message == f"{section} that must be there are missing: {', '.join(missing)}"
    assert outcome.facts["tools"] == 2


async def test_tools_that_must_be_there_are_missing_where_no_tools_are_announced(tmp_path: Path) -> None:
    async with offering(tool("echo"), faults=announcing("prompts")) as peer:
        outcome = await probed(peer, CATALOG | {"tools": ["echo"]}, tmp_path)
    assert outcome.reason is Reason.TOOL_MISSING
    assert outcome.evidence[0].seen == "none"


@pytest.mark.parametrize("era", ERAS)
async def test_a_server_that_knows_no_templates_is_well(era: Era, tmp_path: Path) -> None:
    async with http_peer(Script(era=era, faults={"list": unknown("resources/templates/list")})) as peer:
        outcome = await probed(peer, CATALOG | {"resources": [FACTS["uri"]]}, tmp_path)
    assert outcome.reason is None, outcome.message


@pytest.mark.parametrize("method", LISTS[:3])
async def test_an_announced_list_that_is_unknown_is_a_failure(method: str, tmp_path: Path) -> None:
    async with http_peer(Script(faults={"list": unknown(method)})) as peer:
        outcome = await probed(peer, CATALOG, tmp_path)
    assert (outcome.reason, outcome.step) == (Reason.RPC_ERROR, method)


@pytest.mark.parametrize("method", LISTS[:3])
async def test_only_the_lists_that_are_named_are_read(method: str, tmp_path: Path) -> None:
    others = [name for name in ("tools", "prompts", "resources") if not method.startswith(name)]
    async with http_peer(Script(faults={"list": unknown(method)})) as peer:
        outcome = await probed(peer, CATALOG | {"lists": others}, tmp_path)
        assert {name for name in peer.rpc_methods if name.endswith("/list")} == {f"{name}/list" for name in others}
    assert outcome.reason is None


def unknown(method: str) -> Act:
    """No such method, as servers of either era say it."""

    async def act(call: Call) -> None:
        known = call.request.rpc_method != method
        error = {"code": -32601, "message": "Method not found"}
        told = {"result": (call.good.message or {})["result"]} if known else {"error": error}
        status = 404 if call.peer.script.era == "modern" and not known else 200
        await call.respond(status, {"Content-Type": JSON}, dump({"jsonrpc": "2.0", "id": call.request.rpc_id, **told}))

    return act


@pytest.mark.parametrize("method", PAGES)
async def test_an_item_that_is_listed_twice_is_a_bad_result(method: str, tmp_path: Path) -> None:
    async def twice(call: Call) -> None:
        key, items = PAGES[call.request.rpc_method or ""]
        repeated = items[:1] if call.request.rpc_method == method else []
        await respond(call, (call.good.message or {})["result"] | {key: [*items, *repeated]})

    async with http_peer(Script(faults={"list": twice})) as peer:
        outcome = await probed(peer, CATALOG, tmp_path)
    assert (outcome.reason, outcome.step) == (Reason.BAD_RESULT, method)
    assert "twice" in outcome.message


def pinned(change: Callable[[dict[str, Any]], object]) -> str:
    """The contract of a well-behaved peer, changed as if it had been pinned at another time."""
    contract = json.loads(CONTRACT)
    change(contract)
    return json.dumps(contract)


SEVERITIES: Final = ("breaking", "additive", "cosmetic")
OBJECT: Final = {"inputSchema": {"type": "object"}}
CHANGES: Final[tuple[tuple[str, Callable[[dict[str, Any]], object], tuple[int, int, int], str], ...]] = (
    ("as pinned", lambda contract: None, (0, 0, 0), ""),
    ("a tool is new", lambda contract: contract["tools"].pop("forget"), (0, 1, 0), "additive: tools/forget: added"),
    (
        "a description is another",
        lambda contract: contract["tools"]["echo"].update(description="Repeats."),
        (0, 0, 1),
        "cosmetic: tools/echo/description",
    ),
    ("a tool is gone", lambda contract: contract["tools"].update(old=OBJECT), (1, 0, 0), "tools/old: removed"),
    (
        "a prompt is gone, and words are others",
        lambda contract: (contract["prompts"].update(old={}), contract["tools"]["echo"].update(description="?")),
        (1, 0, 1),
        "prompts/old: removed",
    ),
    ("a template is gone", lambda contract: contract["templates"].update(old={}), (1, 0, 0), "templates/old: removed"),
)


@pytest.mark.parametrize(("change", "counts", "told"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
async def test_only_a_breaking_change_fails_and_the_others_are_warnings(
    change: Callable[[dict[str, Any]], object], counts: tuple[int, int, int], told: str, tmp_path: Path
) -> None:
    (tmp_path / "contract.json").write_text(pinned(change))
    async with http_peer(Script()) as peer:
        outcome = await probed(peer, CATALOG | {"contract": "contract.json"}, tmp_path)
    breaking, *milder = counts
    assert outcome.reason is (Reason.CONTRACT_BROKEN if breaking else None)
    assert tuple(outcome.facts[f"contract_changes_{severity}"] for severity in SEVERITIES) == counts
    assert len(outcome.warnings) == sum(milder)
    assert told in " ".join([outcome.message, *outcome.warnings])


async def test_a_broken_contract_tells_the_list_the_place_and_what_happened(tmp_path: Path) -> None:
    lost: dict[str, Any] = {f"old-{number:02}": {} for number in range(30)}
    (tmp_path / "contract.json").write_text(pinned(lambda contract: contract["prompts"].update(lost)))
    async with http_peer(Script()) as peer:
        outcome = await probed(peer, CATALOG | {"contract": "contract.json"}, tmp_path)
    assert outcome.step == "prompts/list"
    assert outcome.message == "30 breaking changes of the contract, first: prompts/old-00: removed"
    assert outcome.evidence[0].pointer == "/prompts/old-00"
    assert outcome.evidence[0].keyword == "breaking"
    assert len(outcome.evidence) == 20  # enough for a person; the number is told


async def test_many_mild_changes_are_counted_in_full_and_shown_in_part(tmp_path: Path) -> None:
    (tmp_path / "contract.json").write_text(
        dump_contract(contract_of(tools=[], prompts=[], resources=[], templates=[]))
    )
    async with offering(*(tool(f"new-{number:02}") for number in range(25)), faults=announcing("tools")) as peer:
        outcome = await probed(peer, CATALOG | {"contract": "contract.json"}, tmp_path)
    assert outcome.reason is None
    assert outcome.facts["contract_changes_additive"] == 25
    assert len(outcome.warnings) == 20


MIRRORED: Final = {"type": "object", "properties": {"region": {"type": "string", "x-mcp-header": "Region"}}}
NO_HEADER: Final = {"type": "object", "properties": {"region": {"type": "string", "x-mcp-header": "no name"}}}


async def test_a_tool_that_clients_must_drop_is_warned_of(tmp_path: Path) -> None:
    good, bad = tool("good", inputSchema=MIRRORED), tool("bad", inputSchema=NO_HEADER)
    async with offering(good, bad) as peer:
        outcome = await probed(peer, CATALOG, tmp_path)
    assert outcome.reason is None
    assert outcome.warnings == (
        "clients must drop the tool 'bad', its x-mcp-header is invalid: that of 'region' is not a header name",
    )


async def test_only_some_of_many_tools_to_drop_are_told(tmp_path: Path) -> None:
    async with offering(*(tool(f"bad-{number:02}", inputSchema=NO_HEADER) for number in range(25))) as peer:
        outcome = await probed(peer, CATALOG, tmp_path)
    assert len(outcome.warnings) == 21
    assert outcome.warnings[-1] == "clients must drop 5 more tools for the same reason"


async def test_where_arguments_are_not_mirrored_nothing_is_said_of_it(tmp_path: Path) -> None:
    async with offering(tool("bad", inputSchema=NO_HEADER), era="handshake") as peer:
        outcome = await probed(peer, CATALOG, tmp_path)
    assert (outcome.reason, outcome.warnings) == (None, ())


async def test_lists_of_very_many_items_are_gone_through_in_turns() -> None:
    prompts = [{"name": f"p{number:06}", "title": "t" * 60} for number in range(150_000)]
    tools = [{"name": f"t{number:05}", "description": "d" * 90} for number in range(20_000)]
    async with ticking() as ticks:
        contract = await _contract({"prompts": Listing(section="prompts", items=prompts)})
        weight = await _weigh([*tools, {"name": "large", "description": "d" * 3_000}])
    assert list(contract.prompts) == [prompt["name"] for prompt in prompts]
    assert contract == contract_of(prompts=prompts)
    assert weight.long_descriptions == (("large", 3_000),)
    assert [name for name, _ in weight.heaviest] == ["large", "t00000", "t00001", "t00002", "t00003"]
    assert ticks.longest < 2 * PROMISE
