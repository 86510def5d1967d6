"""Turns a survey of a server into a probe file, schemas and a contract, ready to run and for a person to edit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from prober.contract.contract import dump_contract
from prober.discover.naming import tool_names
from prober.discover.surveyed import CalledTool, Survey
from prober.discover.templates import skipped_lines
from prober.discover.yaml_emit import comment, escape_dollars, flow, mapping_lines
from prober.loader import json_schema

EDITOR_SCHEMA: Final = Path("mcp-prober.schema.json")
"""Beside the probe file, so that editors complete and check it without a network."""


class FilesExistError(Exception):
    """Some of the files exist already; nothing was written."""

    def __init__(self, files: list[Path]):
        super().__init__(", ".join(map(str, files)))
        self.files = files


@dataclass(frozen=True, kw_only=True)
class ProbeFile:
    """A probe file and what belongs to it, not written yet: texts by their paths below a folder."""

    path: Path
    files: Mapping[Path, str]
    probes: Mapping[str, str]
    """The name of the probe of each tool that has one."""


def probe_file_for(survey: Survey, *, name: str, target: Mapping[str, Any], defaults: Mapping[str, str]) -> ProbeFile:
    """The files for the surveyed server; `target` is its entry under `targets:` as the operator wrote it."""
    names = tool_names((tool.name for tool in survey.tools), target=name)
    called = [tool for tool in survey.tools if isinstance(tool, CalledTool)]
    contract = Path("contracts", f"{name}.json")
    server = " ".join(filter(None, (survey.server.name or name, survey.server.version)))
    lines = [
        f"# yaml-language-server: $schema={EDITOR_SCHEMA}",
        f"# Probes of {comment(server)}",
        f"# Written by `mcp-prober init`, over MCP {survey.server.protocol_version}. Yours to edit; what is new in the",
        "# server later, `mcp-prober init --update` adds and leaves the rest as it is.",
        "",
        "targets:",
        *mapping_lines(name, target),
        "",
        f"defaults: {flow(defaults)}",
        "",
        "probes:",
        *mapping_lines(f"{name}-handshake", {"target": name, "kind": "handshake"}),
        "",
        *mapping_lines(f"{name}-catalog", _catalog_settings(name, survey, contract)),
        *(f"    # {comment(f'{each.section}/list failed: {each.message}')}" for each in survey.failed_lists),
    ]
    schemas = {tool.name: schema_path(name, names[tool.name]) for tool in called}
    for tool in called:
        lines += ["", *probe_lines(tool, target=name, probe=f"{name}-{names[tool.name]}", schema=schemas[tool.name])]
    lines += skipped_lines(survey, target=name, probes={tool: f"{name}-{probe}" for tool, probe in names.items()})
    texts = {schemas[tool.name]: schema_text(tool) for tool in called}
    if survey.contract is not None:
        texts[contract] = dump_contract(survey.contract)
    path = Path(f"{name}.yaml")
    return ProbeFile(
        path=path,
        files={path: "\n".join(lines) + "\n", EDITOR_SCHEMA: editor_schema(), **texts},
        probes={tool.name: f"{name}-{names[tool.name]}" for tool in called},
    )


def write(probe_file: ProbeFile, folder: Path, *, force: bool = False) -> None:
    """Write the files below a folder. Raises FilesExistError, or OSError."""
    existing = sorted(folder / path for path in probe_file.files if (folder / path).exists() and path != EDITOR_SCHEMA)
    if existing and not force:
        raise FilesExistError(existing)
    for path, text in probe_file.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def schema_path(target: str, tool: str) -> Path:
    return Path("schemas", target, f"{tool}.json")


def schema_text(tool: CalledTool) -> str:
    return json.dumps(tool.schema, indent=2) + "\n"


def editor_schema() -> str:
    """The JSON Schema of a configuration file, for editors."""
    return json.dumps(json_schema(), separators=(",", ":")) + "\n"


def probe_lines(tool: CalledTool, *, target: str, probe: str, schema: Path) -> list[str]:
    """The probe of a tool that answered: a call, or a scenario where its arguments come from another tool."""
    if not tool.borrowed:
        return mapping_lines(probe, {"target": target, "kind": "call", **_call_settings(tool, schema)})
    steps = [_step(each.tool, each.arguments, each.source) | {"capture": each.capture} for each in tool.borrowed]
    lines = mapping_lines(probe, {"target": target, "kind": "scenario"})
    return [*lines, "    steps:", *(f"      - {flow(step)}" for step in (*steps, _call_settings(tool, schema)))]


def _catalog_settings(name: str, survey: Survey, contract: Path) -> dict[str, Any]:
    settings: dict[str, Any] = {"target": name, "kind": "catalog"}
    settings |= {section: list(names) for section, names in survey.listed.items() if names}
    if survey.contract is not None:
        settings["contract"] = contract.as_posix()
    return settings | ({"lists": list(survey.lists)} if survey.failed_lists else {})


def _call_settings(tool: CalledTool, schema: Path) -> dict[str, Any]:
    return _step(tool.name, tool.arguments, tool.source) | {"schema": schema.as_posix()}


def _step(tool: str, arguments: Mapping[str, Any], source: str) -> dict[str, Any]:
    settings: dict[str, Any] = {"tool": tool}
    if arguments:
        settings["arguments"] = escape_dollars(arguments)
    return settings | ({"from": source} if source != "structured" else {})
