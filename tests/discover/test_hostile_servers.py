"""Whatever a server calls its things, the files that are written hold just that, and nothing of its making."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from prober.kinds.call import CallSettings
from prober.kinds.catalog import CatalogSettings
from tests.discover.drafting import Drafted, drafted
from tests.discover.hostile import HOSTILE, LONG, arguments_of, hostile_tools
from tests.kinds.offering import Tool, called, gives, offering, respond, says, tool
from tests.peers.http_peer import Act, Call
from tests.peers.messages import dump
from tests.peers.protocol import Step
from tests.peers.wire import JSON


async def test_what_a_hostile_server_says_comes_back_from_the_files_as_it_was(tmp_path: Path) -> None:
    async with offering(*hostile_tools()) as peer:
        found = await drafted({"url": peer.url, "protocol": "modern"}, tmp_path, HOME="/root-of-all-evil")
        assert found.left_out == {}
        sent = called(peer)
        outcomes = await found.run()
        sent_again = called(peer)[len(sent) :]
    assert [(outcome.probe, outcome.message) for outcome in outcomes if outcome.reason] == []
    for text in HOSTILE:
        _, settings = found.call(text)
        assert settings.arguments == arguments_of(text)
    config = found.config
    assert set(config.targets) == {"peer"}
    assert len(config.probes) == len(HOSTILE) + 2
    assert not any(probe.allow_writes for probe in config.probes.values())
    catalog = config.probes["peer-catalog"].settings
    assert isinstance(catalog, CatalogSettings)
    assert sorted(catalog.tools) == sorted(HOSTILE)
    spelled = [(name, dump(arguments)) for name, arguments in sent]
    assert sorted((name, dump(arguments)) for name, arguments in sent_again) == sorted(set(spelled))


def files_in(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


async def test_a_hostile_server_writes_only_into_its_own_folder(tmp_path: Path) -> None:
    async with offering(*hostile_tools()) as peer:
        found = await drafted({"url": peer.url, "protocol": "modern"}, tmp_path)
    written = [path.relative_to(found.folder) for path in files_in(found.folder)]
    assert Path("peer.yaml") in written
    beside = {Path("contracts/peer.json"), Path("mcp-prober.schema.json")}
    schemas = [path for path in written if path.suffix == ".json" and path not in beside]
    assert all(path.parent == Path("schemas/peer") for path in schemas)
    assert len({path.name.lower() for path in schemas}) == len(HOSTILE)  # also where case does not count
    assert files_in(tmp_path) == {tmp_path / "target.yaml", *(found.folder / path for path in written)}


async def test_the_file_of_a_hostile_server_shows_a_person_nothing_hidden(tmp_path: Path) -> None:
    async with offering(*hostile_tools(), *forbidden_tools(), faults={"discover": boasting}) as peer:
        found = await drafted({"url": peer.url}, tmp_path)
    hidden = {each for each in found.text if not each.isprintable()} - {"\n"}
    assert hidden == set()
    assert max(map(len, found.text.splitlines())) < 250_000
    assert set(yaml.safe_load(found.text)) == {"targets", "defaults", "probes"}


def forbidden_tools() -> list[Tool]:
    """Tools that are left out, each for a reason of its own: they are told in comments."""
    asking = {"type": "object", "properties": {"a\nb: c": {"description": LONG}}, "required": ["a\nb: c"]}
    return [
        tool("writes\nevil: {target: x}", read_only=False),
        tool("asks\n  evil: {target: x}", inputSchema=asking),
        tool("fails\n\nprobes: {}", says("no\nprobes: {evil: 1}\x1b[2J", isError=True)),
    ]


async def boasting(call: Call) -> None:
    good = (call.good.message or {})["result"]
    info = {"name": f"peer\nprobes: {{}}\n{LONG}", "version": "1\n\x9b2J\u2028targets: {}"}
    result = good | {"_meta": {"io.modelcontextprotocol/serverInfo": info}}
    await call.respond(
        200, {"Content-Type": JSON}, dump({"jsonrpc": "2.0", "id": call.request.rpc_id, "result": result})
    )


async def test_comments_about_what_is_left_out_stay_comments(tmp_path: Path) -> None:
    async with offering(*forbidden_tools(), faults={"discover": boasting}) as peer:
        found = await drafted({"url": peer.url}, tmp_path)
    assert len(found.left_out) == 3
    assert list(found.config.probes) == ["peer-handshake", "peer-catalog"]
    for line in found.text.splitlines():
        assert "evil" not in line or line.lstrip().startswith("#") or line.lstrip().startswith("tools: [")


UNWRITABLE: Final[dict[str, Mapping[str, Any]]] = {
    "half of a pair": {"default": "\ud800"},
    "no number of JSON": {"default": "1e400"},
    "a name without measure": {"default": {"x" * 1200: 1}},
    "a name that means to merge": {"default": [{"<<": {"a": 1}}]},
    "nested beyond all reason": {"default": json.loads("[" * 300 + "]" * 300)},
    "without measure": {"default": "x" * 200_000},
}


@pytest.mark.parametrize("schema", UNWRITABLE.values(), ids=list(UNWRITABLE))
async def test_what_no_file_of_ours_can_hold_is_left_out_and_the_rest_is_not(
    schema: Mapping[str, Any], tmp_path: Path
) -> None:
    asking = {"type": "object", "properties": {"a": schema}, "required": ["a"]}
    tools = [tool("good"), tool("odd", inputSchema=asking)]

    async def listing(call: Call) -> None:
        good = (call.good.message or {})["result"]
        result = good | ({"tools": [each.listing for each in tools]} if "tools" in good else {})
        body = dump({"jsonrpc": "2.0", "id": call.request.rpc_id, "result": result})
        await call.respond(200, {"Content-Type": JSON}, body.replace(b'"1e400"', b"1e400"))

    async with offering(*tools, faults={"list": listing}) as peer:
        found = await drafted({"url": peer.url, "protocol": "modern"}, tmp_path)
        assert called(peer) == [("good", {})] * 2
        outcomes = await found.run()
    assert found.left_out == {"odd": "its arguments"}
    assert [outcome.reason for outcome in outcomes] == [None] * 3


async def test_a_name_that_cannot_be_written_is_left_out_of_the_catalog_too(tmp_path: Path) -> None:
    bad = (tool(""), tool("bad \ud800 name"), tool("bad \udfff name", read_only=False))
    async with offering(tool("good"), *bad) as peer:
        found = await drafted({"url": peer.url, "protocol": "modern"}, tmp_path)
        outcomes = await found.run()
    assert len(found.left_out) == 3
    assert [outcome.reason for outcome in outcomes] == [None] * 3
    catalog = found.config.probes["peer-catalog"].settings
    assert isinstance(catalog, CatalogSettings)
    assert catalog.tools == ("good",)


async def test_a_secret_that_the_server_hands_back_is_not_written(tmp_path: Path) -> None:
    secret = "s3cr3t-0f-th3-targ3t"

    async def listing(call: Call) -> None:
        told = call.request.headers["x-key"]
        described = {"type": "object", "properties": {"a": {"description": f"say {told}"}}, "required": ["a"]}
        answers = {"type": "object", "properties": {"a": {"const": told}}}
        given = {"type": "object", "properties": {"a": {"default": told}}, "required": ["a"]}
        tools = [
            tool(f"named {told}"),
            tool(f"writing {told}", read_only=False),
            tool("described", inputSchema=described),
            tool("given", inputSchema=given),
            tool("answering", outputSchema=answers),
            tool("failing"),
        ]
        result = (call.good.message or {})["result"] | {"tools": [each.listing for each in tools]}
        await respond(call, result if call.request.rpc_method == "tools/list" else (call.good.message or {})["result"])

    async def answer(call: Call) -> None:
        told = call.request.headers["x-key"]
        failing = call.request.message["params"]["name"] == "failing"
        content = [{"type": "text", "text": f"no {told}"}] if failing else []
        await respond(call, {"content": content, "structuredContent": {"a": told}, "isError": failing})

    faults: dict[Step, Act] = {"list": listing, "call": answer}
    async with offering(faults=faults) as peer:
        entry = {"url": peer.url, "protocol": "modern", "headers": {"X-Key": "${KEY}"}}
        found = await drafted(entry, tmp_path, KEY=secret)
    everything = "".join(path.read_text() for path in found.folder.rglob("*") if path.is_file())
    assert secret not in everything
    assert secret not in repr(found.seen)
    assert '"${KEY}"' in everything
    assert len(found.seen.tools) == 6


def call_settings(found: Drafted, tool: str) -> CallSettings:
    return found.call(tool)[1]


async def test_tools_whose_names_look_alike_have_a_probe_and_a_schema_each(tmp_path: Path) -> None:
    names = [
        "get it",
        "get-it",
        "get/it",
        "Get-It",
        "get--it",
        "handshake",
        "catalog",
        "Handshake",
        "get-it-2",
        "é",
        "ü",
    ]
    async with offering(*(tool(name, gives({f"m{place}": place})) for place, name in enumerate(names))) as peer:
        found = await drafted({"url": peer.url, "protocol": "modern"}, tmp_path)
        outcomes = await found.run()
    assert [outcome.reason for outcome in outcomes] == [None] * (len(names) + 2)
    for place, name in enumerate(names):
        schema = call_settings(found, name).checks.schema
        assert schema is not None
        assert schema.document["required"] == [f"m{place}"]


@pytest.mark.parametrize("name", ["p", "p" * 50, "p" * 90])
async def test_names_stay_within_bounds_however_long_the_target_is_called(name: str, tmp_path: Path) -> None:
    async with offering(*(tool("t" * 300 + str(number)) for number in range(12))) as peer:
        found = await drafted({"url": peer.url, "protocol": "modern"}, tmp_path, name=name)
    assert len(found.config.probes) == 14
    assert all(len(probe) <= 100 for probe in found.config.probes)
