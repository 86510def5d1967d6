"""A list that the server announces and does not give spoils nothing but itself, and the file says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from prober.kinds.catalog import CatalogSettings
from prober.outcome import Failure, Reason
from tests.discover.drafting import drafted
from tests.kinds.offering import offering, respond, tool
from tests.peers.http_acts import close, status
from tests.peers.http_peer import Act, Call, well
from tests.peers.messages import dump
from tests.peers.wire import JSON

METHODS: Final = {
    "prompts": "prompts/list",
    "resources": "resources/list",
    "templates": "resources/templates/list",
}


async def unknown(call: Call) -> None:
    error = {"code": -32000, "message": "we have none"}
    await call.respond(200, {"Content-Type": JSON}, dump({"jsonrpc": "2.0", "id": call.request.rpc_id, "error": error}))


def failing(act: Act, *methods: str) -> Act:
    """A peer with one tool, whose other lists fail."""

    async def lists(call: Call) -> None:
        if call.request.rpc_method in methods:
            return await act(call)
        good = (call.good.message or {})["result"]
        if "tools" in good:
            return await respond(call, good | {"tools": [tool("count").listing]})
        return await well(call)

    return lists


@pytest.mark.parametrize("section", METHODS)
@pytest.mark.parametrize("act", [unknown, status(503), close], ids=["error", "unavailable", "closed"])
async def test_one_list_that_fails_leaves_the_rest_its_probes(section: str, act: Act, tmp_path: Path) -> None:
    async with offering(tool("count"), era="handshake", faults={"list": failing(act, METHODS[section])}) as peer:
        found = await drafted({"url": peer.url, "protocol": "handshake"}, tmp_path)
        outcomes = [*(await found.run()), *(await found.run())]
    assert [each.section for each in found.seen.failed_lists] == [section]
    assert list(found.answering) == ["count"]
    assert f"    # {section}/list failed: " in found.text
    assert [outcome.reason for outcome in outcomes] == [None] * 6
    catalog = found.config.probes["peer-catalog"].settings
    assert isinstance(catalog, CatalogSettings)
    assert catalog.lists == tuple(name for name in ("tools", *METHODS) if name != section)


async def test_where_the_tools_cannot_be_listed_the_rest_is_written(tmp_path: Path) -> None:
    async with offering(faults={"list": failing(unknown, "tools/list")}) as peer:
        found = await drafted({"url": peer.url, "protocol": "modern"}, tmp_path)
        outcomes = await found.run()
    assert found.seen.tools == ()
    assert [outcome.reason for outcome in outcomes] == [None] * 2


async def test_a_server_that_gives_no_list_at_all_is_a_failure(tmp_path: Path) -> None:
    async with offering(faults={"list": unknown}) as peer:
        with pytest.raises(Failure) as caught:
            await drafted({"url": peer.url, "protocol": "modern"}, tmp_path)
    assert caught.value.reason is Reason.RPC_ERROR


async def test_a_server_with_all_its_lists_has_no_such_key_and_a_contract(tmp_path: Path) -> None:
    async with offering(tool("count")) as peer:
        found = await drafted({"url": peer.url, "protocol": "modern"}, tmp_path)
    catalog = found.config.probes["peer-catalog"].settings
    assert isinstance(catalog, CatalogSettings)
    assert catalog.lists is None
    assert catalog.contract is not None
    assert list(catalog.contract.tools) == ["count"]


async def test_a_listing_with_a_secret_is_not_pinned(tmp_path: Path) -> None:
    described: dict[str, Any] = {"description": "say s3cr3t-0f-th3-targ3t"}
    async with offering(tool("count", **described)) as peer:
        entry = {"url": peer.url, "protocol": "modern", "headers": {"X-Key": "${KEY}"}}
        found = await drafted(entry, tmp_path, KEY="s3cr3t-0f-th3-targ3t")
    assert found.seen.contract is None
    assert not (found.folder / "contracts").exists()
    assert "contract:" not in found.text
