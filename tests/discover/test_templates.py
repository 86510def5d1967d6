"""What `init` leaves to a person: commented probes that work once the marks are gone and the arguments are there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest

from prober.config.model import Config
from prober.engine import run_pass
from prober.kinds.call import CallSettings
from prober.loader import load
from tests.discover.drafting import Drafted, drafted
from tests.kinds.offering import called, gives, offering, tool
from tests.peers.http_peer import Script, http_peer

SEARCH: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "query": {"type": "string", "description": "What to look for: any words # or none\nat all"},
        "unit": {"enum": ["C", "F"]},
        "limit: most": {"type": "integer"},
        "$weird \u2028 {key}": {"type": "string"},
        "filter": {
            "type": "object",
            "properties": {
                "kind": {"type": "string"},
                "since": {"default": "${HOME}"},
                "range": {
                    "type": "object",
                    "properties": {"low": {"type": "number"}, "high": {"const": 9}},
                    "required": ["low", "high"],
                },
            },
            "required": ["kind", "since", "range"],
        },
        "optional": {"type": "string"},
    },
    "required": ["query", "unit", "limit: most", "$weird \u2028 {key}", "filter"],
}
CHOSEN: Final = {"query": "x: #y", "limit: most": 5, "$weird \u2028 {key}": "k", "kind": "a", "low": 1.5}
GIVEN: Final = {
    "query": "x: #y",
    "unit": "C",
    "limit: most": 5,
    "$weird \u2028 {key}": "k",
    "filter": {"kind": "a", "since": "${HOME}", "range": {"low": 1.5, "high": 9}},
}


def completed(found: Drafted, chosen: dict[str, Any]) -> Config:
    """The configuration after a person has filled in the arguments and taken the marks away."""
    lines = []
    marked = False
    for line in found.text.splitlines():
        marked = line.startswith("  # ") and (marked or line.endswith("take the marks away"))
        if match := re.fullmatch(r"( *# +)(?P<key>\S.*?):( {5}# .*)", line):
            key = match["key"].strip('"').replace("\\u2028", "\u2028")
            if key in chosen:
                value = chosen[key]
                line = f"{match[1]}{match['key']}: {value!r}{match[3]}"
        lines.append(line.replace("  # ", "  ", 1) if marked else line)
    file = found.folder / f"{found.name}.yaml"
    file.write_text("\n".join(lines) + "\n")
    return load([found.folder], environ={})


async def test_a_template_becomes_a_probe_that_passes(tmp_path: Path) -> None:
    async with offering(tool("search", gives({"hits": 0}), inputSchema=SEARCH, read_only=True)) as peer:
        found = await drafted({"url": peer.url, "protocol": "modern"}, tmp_path)
        assert len(found.config.probes) == 2
        assert called(peer) == []
        config = completed(found, CHOSEN)
        outcomes = await run_pass(config, list(config.probes.values()))
    assert [outcome.reason for outcome in outcomes] == [None] * 3
    assert called(peer) == [("search", GIVEN)]
    settings = config.probes["peer-search"].settings
    assert isinstance(settings, CallSettings)


async def test_a_template_says_what_is_wanted_beside_what_is_known(tmp_path: Path) -> None:
    async with offering(tool("search", inputSchema=SEARCH)) as peer:
        found = await drafted({"url": peer.url, "protocol": "modern"}, tmp_path)
    begin = found.text.index("  # peer-search:")
    assert found.text[begin:].splitlines() == [
        "  # peer-search:     # choose its arguments and take the marks away",
        "  #   target: peer",
        "  #   kind: call",
        "  #   tool: search",
        "  #   arguments:",
        "  #     query:     # string: What to look for: any words # or none at all",
        "  #     unit: C",
        '  #     "limit: most":     # integer',
        '  #     "$weird \\u2028 {key}":     # string',
        "  #     filter:",
        "  #       kind:     # string",
        '  #       since: "$${HOME}"',
        "  #       range:",
        "  #         low:     # number",
        "  #         high: 9",
    ]


async def test_a_template_of_a_well_known_tool_can_be_completed(tmp_path: Path) -> None:
    async with http_peer(Script()) as peer:
        found = await drafted({"url": peer.url, "protocol": "modern"}, tmp_path)
        config = completed(found, {"message": "hi"})
        outcomes = await run_pass(config, list(config.probes.values()))
    assert [outcome.reason for outcome in outcomes] == [None] * 3
    assert called(peer) == [("echo", {"message": "hi"})]


@pytest.mark.parametrize("name", ["../../x", "a\nb", "# x", "handshake", "two words"])
async def test_a_template_of_a_tool_with_any_name_is_sound_without_its_marks(name: str, tmp_path: Path) -> None:
    asking = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    async with offering(tool(name, inputSchema=asking)) as peer:
        found = await drafted({"url": peer.url, "protocol": "modern"}, tmp_path)
    config = completed(found, {"text": "hi"})
    assert len(config.probes) == 3
    [settings] = [probe.settings for probe in config.probes.values() if isinstance(probe.settings, CallSettings)]
    assert (settings.tool, settings.arguments) == (name, {"text": "hi"})
