"""What was seen of a server becomes a probe file and schemas, ready to run and to be edited by a person."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from prober.discover.look import Answers, LeftOut, Look


class WouldOverwrite(Exception):  # noqa: N818 - it says what would happen
    """Files that are there already and were not to be overwritten; nothing was written."""

    def __init__(self, files: list[Path]):
        super().__init__(", ".join(map(str, files)))
        self.files = files


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A probe file that is not written yet. `files` are texts by path; the probe file itself is `path`."""

    path: Path
    files: Mapping[Path, str]


def slug(text: str | None) -> str:
    """A name for a target, made of what the server calls itself."""
    short = re.sub(r"[^a-z0-9]+", "-", (text or "").lower()).strip("-")
    return re.sub(r"^(mcp-)?(servers?-)?|-(mcp-)?server$", "", short)[:50].strip("-") or "server"


def draft(look: Look, *, name: str, target: Mapping[str, Any], folder: Path, timeout: str) -> Draft:
    """The files for a server seen in `look`; `target` is its entry under `targets:` as the operator gave it."""
    files = {
        folder / "schemas" / name / f"{slug_of_tool(tool.name)}.json": json.dumps(tool.schema, indent=2) + "\n"
        for tool in look.answering
    }
    lines = [
        f"# Probes of {_one_line(look.server.name or name)} {_one_line(look.server.version or '')}".rstrip(),
        f"# Written by `mcp-prober init`, over MCP {look.server.protocol_version}. Yours to edit.",
        "",
        "targets:",
        f"  {name}:",
        *(f"    {key}: {_flow(value)}" for key, value in target.items()),
        "",
        *_entry("defaults", {"interval": "60s", "timeout": timeout}),
        "",
        "probes:",
        *_probe(f"{name}-handshake", {"target": name, "kind": "handshake"})[1:],
        *_catalog(name, look),
        *(line for tool in look.answering for line in _call(name, tool)),
        *(line for tool in look.left_out for line in _left_out(name, tool)),
    ]
    path = folder / f"{name}.yaml"
    return Draft(path=path, files={path: "\n".join(lines) + "\n", **files})


def write(draft: Draft, *, force: bool) -> None:
    """Write all files of a draft, or none. Raises WouldOverwrite, or OSError."""
    there = sorted(path for path in draft.files if path.exists())
    if there and not force:
        raise WouldOverwrite(there)
    for path, text in draft.files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def slug_of_tool(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip(".-")[:80] or "tool"


def _catalog(name: str, look: Look) -> list[str]:
    settings: dict[str, Any] = {"target": name, "kind": "catalog"}
    for section in ("tools", "prompts"):
        if names := sorted(getattr(look.contract, section)):
            settings[section] = names
    hint = f"    # contract: contracts/{name}.json     # tells of every change: add it, then run `mcp-prober pin`"
    return [*_probe(f"{name}-catalog", settings), hint]


def _call(name: str, tool: Answers) -> list[str]:
    settings: dict[str, Any] = {"target": name, "kind": "call", "tool": tool.name}
    if tool.arguments:
        settings["arguments"] = dict(tool.arguments)
    if tool.source != "structured":
        settings["from"] = tool.source
    settings["schema"] = f"schemas/{name}/{slug_of_tool(tool.name)}.json"
    return _probe(f"{name}-{slug_of_tool(tool.name)}", settings)


def _left_out(name: str, tool: LeftOut) -> list[str]:
    """A comment in place of a probe; where only arguments are missing, a probe to be completed."""
    head = ["", f"  # {_one_line(tool.name)}: {_one_line(tool.why)}"]
    if not tool.wanted:
        return head
    lines = _probe(f"{name}-{slug_of_tool(tool.name)}", {"target": name, "kind": "call", "tool": tool.name})[1:]
    lines += [
        "    arguments:",
        *(f"      {_one_line(key)}:     # {_one_line(hint)}" for key, hint in tool.wanted.items()),
    ]
    return [*head, *(f"  # {line[2:]}" for line in lines)]


def _probe(name: str, settings: Mapping[str, Any]) -> list[str]:
    return ["", f"  {_flow(name)}:", *(f"    {key}: {_flow(value)}" for key, value in settings.items())]


def _entry(key: str, settings: Mapping[str, Any]) -> list[str]:
    return [f"{key}:", *(f"  {name}: {_flow(value)}" for name, value in settings.items())]


def _flow(value: Any) -> str:
    """A value on one line."""
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, default_flow_style=True, width=10**6)
    return text.removesuffix("\n").removesuffix("...").strip()


def _one_line(text: str) -> str:
    """Text of the server that goes into a comment: a line break in it would end the comment."""
    return re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]+", " ", text)[:200]
