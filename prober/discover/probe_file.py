"""Turns a survey of a server into a probe file and schemas, ready to run and for a person to edit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prober.discover.arguments import MissingValue, missing_values
from prober.discover.naming import tool_names
from prober.discover.survey import CalledTool, SkippedTool, Survey
from prober.discover.yaml_emit import comment, flow


class FilesExistError(Exception):
    """Some of the files exist already; nothing was written."""

    def __init__(self, files: list[Path]):
        super().__init__(", ".join(map(str, files)))
        self.files = files


@dataclass(frozen=True, kw_only=True)
class ProbeFile:
    """A probe file and its schemas, not written yet: texts by their paths below a folder."""

    path: Path
    files: Mapping[Path, str]


def probe_file_for(survey: Survey, *, name: str, target: Mapping[str, Any], defaults: Mapping[str, str]) -> ProbeFile:
    """The files for the surveyed server; `target` is its entry under `targets:` as the operator wrote it."""
    names = tool_names((tool.name for tool in survey.tools), target=name)
    called = [tool for tool in survey.tools if isinstance(tool, CalledTool)]
    schemas = {tool.name: Path("schemas", name, f"{names[tool.name]}.json") for tool in called}
    server = " ".join(filter(None, (survey.server.name or name, survey.server.version)))
    lines = [
        f"# Probes of {comment(server)}",
        f"# Written by `mcp-prober init`, over MCP {survey.server.protocol_version}. Yours to edit.",
        "",
        "targets:",
        f"  {flow(name)}:",
        *_setting_lines(target),
        "",
        f"defaults: {flow(defaults)}",
        "",
        "probes:",
        *_probe_lines(f"{name}-handshake", {"target": name, "kind": "handshake"}),
        "",
        *_probe_lines(f"{name}-catalog", _catalog_settings(name, survey)),
        f"    # contract: contracts/{name}.json     # tells of every change: add it, then run `mcp-prober pin`",
    ]
    for tool in survey.tools:
        probe = f"{name}-{names[tool.name]}"
        call = {"target": name, "kind": "call", "tool": tool.name}
        if isinstance(tool, CalledTool):
            lines += ["", *_probe_lines(probe, call | _call_settings(tool, schemas[tool.name]))]
        else:
            lines += ["", *_comment_lines(probe, call, tool)]
    texts = {schemas[tool.name]: json.dumps(tool.schema, indent=2) + "\n" for tool in called}
    return ProbeFile(path=Path(f"{name}.yaml"), files={Path(f"{name}.yaml"): "\n".join(lines) + "\n", **texts})


def write(probe_file: ProbeFile, folder: Path, *, force: bool = False) -> None:
    """Write the files below a folder. Raises FilesExistError, or OSError."""
    existing = sorted(folder / path for path in probe_file.files if (folder / path).exists())
    if existing and not force:
        raise FilesExistError(existing)
    for path, text in probe_file.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def _catalog_settings(name: str, survey: Survey) -> dict[str, Any]:
    settings: dict[str, Any] = {"target": name, "kind": "catalog"}
    return settings | {section: list(names) for section, names in survey.listed.items() if names}


def _call_settings(tool: CalledTool, schema: Path) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    if tool.arguments:
        settings["arguments"] = _escape_dollars(tool.arguments)
    if tool.source != "structured":
        settings["from"] = tool.source
    return settings | {"schema": schema.as_posix()}


def _comment_lines(probe: str, call: Mapping[str, Any], tool: SkippedTool) -> Iterator[str]:
    """A comment in place of a probe: why there is none, or, where only arguments are missing, a probe to complete."""
    if tool.arguments is None:
        yield f"  # {comment(tool.name)}: {comment(tool.why)}"
        return
    first, *rest = _probe_lines(probe, call)
    yield f"  # {first[2:]}     # choose its arguments and take the marks away"
    yield from (f"  # {line[2:]}" for line in [*rest, "    arguments:", *_argument_lines(tool.arguments, "      ")])


def _argument_lines(arguments: Mapping[str, Any], indent: str) -> Iterator[str]:
    """Arguments, one a line, with the hint of each value that a person has to fill in."""
    for name, value in arguments.items():
        if isinstance(value, MissingValue):
            yield f"{indent}{flow(name)}:     # {comment(value.hint, limit=120)}"
        elif isinstance(value, dict) and missing_values(value):
            yield f"{indent}{flow(name)}:"
            yield from _argument_lines(value, indent + "  ")
        else:
            yield f"{indent}{flow(name)}: {flow(_escape_dollars(value))}"


def _probe_lines(name: str, settings: Mapping[str, Any]) -> list[str]:
    return [f"  {flow(name)}:", *_setting_lines(settings)]


def _setting_lines(settings: Mapping[str, Any]) -> list[str]:
    return [f"    {key}: {flow(value)}" for key, value in settings.items()]


def _escape_dollars(value: Any) -> Any:
    """A value of the server with `$` escaped, because the configuration would replace `${…}` by a variable."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, Mapping):
        return {name: _escape_dollars(member) for name, member in value.items()}
    return [_escape_dollars(element) for element in value] if isinstance(value, list) else value
