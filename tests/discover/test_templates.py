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
from tests.kinds.offering import called, gives, offering, says, tool

SEARCH: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "subject": {"type": "string", "description": "What to look for: any words # or none\nat all"},
        "unit": {"enum": ["C", "F"]},
        "limit: most": {"type": "string"},
        "$weird \u2028 {key}": {"type": "string"},
        "filter": {
            "type": "object",
            "properties": {
                "kind": {"type": "string"},
                "since": {"default": "${HOME}"},
                "range": {
                    "type": "object",
                    "properties": {"low": {"type": "string"}, "high": {"const": 9}},
                    "required": ["low", "high"],
                },
            },
            "required": ["kind", "since", "range"],
        },
        "optional": {"type": "string"},
    },
    "required": ["subject", "unit", "limit: most", "$weird \u2028 {key}", "filter"],
}
CHOSEN: Final = {"subject": "x: #y", "limit: most": "5", "$weird \u2028 {key}": "k", "kind": "a", "low": "1.5"}
GIVEN: Final = {
    "subject": "x: #y",
    "unit": "C",
    "limit: most": "5",
    "$weird \u2028 {key}": "k",
    "filter": {"kind": "a", "since": "${HOME}", "range": {"low": "1.5", "high": 9}},
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
        "  #     subject:     # string: What to look for: any words # or none at all",
        "  #     unit: C",
        '  #     "limit: most":     # string',
        '  #     "$weird \\u2028 {key}":     # string',
        "  #     filter:",
        "  #       kind:     # string",
        '  #       since: "$${HOME}"',
        "  #       range:",
        "  #         low:     # string",
        "  #         high: 9",
    ]


async def test_a_template_of_a_tool_that_failed_shows_what_was_tried_and_what_came_of_it(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"id": {"const": "a1"}}, "required": ["id"]}
    async with offering(tool("get", says("no such id", isError=True), inputSchema=schema)) as peer:
        found = await drafted({"url": peer.url, "protocol": "modern"}, tmp_path)
    begin = found.text.index("  # peer-get:")
    assert found.text[begin:].splitlines() == [
        "  # peer-get:     # no such id; choose its arguments and take the marks away",
        "  #   target: peer",
        "  #   kind: call",
        "  #   tool: get",
        "  #   arguments:",
        "  #     id: a1",
    ]


async def test_tools_that_do_not_say_that_they_only_read_share_one_template(tmp_path: Path) -> None:
    silent = [tool(f"get_{number:03}", read_only=None) for number in range(250)]
    async with offering(*silent) as peer:
        found = await drafted({"url": peer.url, "protocol": "modern"}, tmp_path)
        lines = [line for line in found.text.splitlines() if line.startswith("  # ")]
        assert len(lines) < 25
        assert lines[0] == "  # 250 tools do not say readOnlyHint: true, so they were not called:"
        assert "  #     read_only_tools: [get_*]" in lines
        file = found.folder / "peer.yaml"
        text = file.read_text().replace(f"url: {peer.url}", f"url: {peer.url}\n    read_only_tools: [get_*]")
        file.write_text(text)
        config = completed(found, {})
        outcomes = await run_pass(config, [config.probes["peer-get_000"]])
    assert [outcome.reason for outcome in outcomes] == [None]


@pytest.mark.parametrize("name", ["../../x", "a\nb", "# x", "handshake", "two words"])
async def test_a_template_of_a_tool_with_any_name_is_sound_without_its_marks(name: str, tmp_path: Path) -> None:
    asking = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
    async with offering(tool(name, inputSchema=asking)) as peer:
        found = await drafted({"url": peer.url, "protocol": "modern"}, tmp_path)
    config = completed(found, {"title": "hi"})
    assert len(config.probes) == 3
    [settings] = [probe.settings for probe in config.probes.values() if isinstance(probe.settings, CallSettings)]
    assert (settings.tool, settings.arguments) == (name, {"title": "hi"})
