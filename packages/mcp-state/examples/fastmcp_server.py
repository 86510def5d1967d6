"""Shopping lists that many agents share, on FastMCP: python fastmcp_server.py STATE_FILE PORT."""

import asyncio
import contextlib
import json
import sys
from pathlib import Path

from fastmcp import FastMCP

from mcp_state import SqliteStore, StateMetrics, StateRecorder, ToolTraits, counted, holding, optimistic
from mcp_state.errors import SessionExistsError
from mcp_state.middleware.fastmcp import instrument
from mcp_state.middleware.page import serve_page

TOOLS = {
    "add_item": ToolTraits(writes=True, conflicts=True, retries=True),
    "buy": ToolTraits(writes=True, conflicts=True, locks=True),
}

server = FastMCP("lists")
metrics = StateMetrics(store="sqlite", tools=TOOLS)
recorder = StateRecorder(metrics)
store = SqliteStore(path=Path(sys.argv[1]), observer=metrics)
instrument(server, metrics)
serve_page(server, metrics, sessions=store.count)


@server.tool
async def add_item(list_name: str, item: str) -> list[str]:
    """Add an item to a list; returns the whole list."""
    with contextlib.suppress(SessionExistsError):
        await store.create(list_name, lifetime=None)

    async def attempt() -> list[str]:
        before = await store.get(list_name)
        items = [*(json.loads(before.value) or []), item]
        await store.swap(list_name, expected_version=before.value_version, value=json.dumps(items))
        return items

    items, _retries = await optimistic(attempt, recorder=recorder, tool="add_item", handle=list_name)
    return items


@server.tool
async def buy(list_name: str) -> int:
    """Buy what is on a list, which no two agents may do at once; returns how often that was done."""
    async with holding(store, list_name, recorder=recorder, tool="buy", ttl=10, wait=5) as lock:
        times = (await store.get(list_name)).guarded_value + 1
        await asyncio.sleep(0.01)  # the work
        write = store.write_guarded(list_name, token=lock.token, value=times)
        await counted(write, recorder=recorder, tool="buy", handle=list_name)
    return times


async def main() -> None:
    """Serve MCP at /mcp until stopped."""
    await store.open()
    try:
        await server.run_http_async(show_banner=False, port=int(sys.argv[2]), stateless_http=True, json_response=True)
    finally:
        await store.close()


if __name__ == "__main__":
    asyncio.run(main())
