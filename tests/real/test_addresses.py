"""`init` finds out at which path, and by which transport, a real server answers."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.cli.command import quickly
from tests.real.servers import SERVERS

pytestmark = pytest.mark.external

TAKEN: Final = {
    "everything-http": ("/mcp", "Streamable HTTP", {}),
    "everything-sse": ("/sse", "HTTP+SSE", {"transport": "sse"}),
    "sdk-http": ("/mcp", "Streamable HTTP", {}),
}


@pytest.mark.parametrize("name", TAKEN)
async def test_a_url_without_a_path_is_asked_at_the_usual_ones(name: str, tmp_path: Path) -> None:
    path, transport, entry = TAKEN[name]
    with SERVERS[name](tmp_path) as server:
        base = server.target["url"].removesuffix(path)
        done = await quickly("init", base, "--output-dir", str(tmp_path / "probes"))
    assert done.code == 0, done.err
    assert done.err.splitlines()[-1] == f"{base}{path} ({transport}): taken"
    [file] = (tmp_path / "probes").glob("*.yaml")
    [target] = yaml.safe_load(file.read_text())["targets"].values()
    assert target == {"url": f"{base}{path}", **entry}


async def test_the_usual_path_of_sse_is_asked_by_both_transports(tmp_path: Path) -> None:
    with SERVERS["everything-sse"](tmp_path) as server:
        url = server.target["url"]
        done = await quickly("init", url, "--output-dir", str(tmp_path / "probes"))
        said = await quickly(
            "init", url, "--transport", "sse", "--name", "said", "--output-dir", str(tmp_path / "probes")
        )
    assert done.code == 0, done.err
    assert done.err.splitlines()[-1] == f"{url} (HTTP+SSE): taken"
    assert (said.code, said.err) == (0, "")
