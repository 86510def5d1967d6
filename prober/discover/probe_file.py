"""What was seen of a server becomes a probe file and schemas, ready to run and to be edited by a person."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prober.discover.arguments import Wanted, wanted_in
from prober.discover.naming import names_of_tools
from prober.discover.survey import Answers, LeftOut, Survey
from prober.discover.yaml_emit import comment, flow


class WouldOverwrite(Exception):  # noqa: N818 - it says what would happen
    """Files that are there already and were not to be overwritten; nothing was written."""

    def __init__(self, files: list[Path]):
        super().__init__(", ".join(map(str, files)))
        self.files = files


@dataclass(frozen=True, kw_only=True)
class ProbeFile:
    """Files that are not written yet: texts by their paths in a folder that is still to be chosen."""

    path: Path
    """The probe file."""
    files: Mapping[Path, str]


def draft(survey: Survey, *, name: str, target: Mapping[str, Any], defaults: Mapping[str, str]) -> ProbeFile:
    """The files for a server seen in `survey`; `target` is its entry under `targets:` as the operator gave it."""
    names = names_of_tools((tool.name for tool in survey.tools), target=name)
    answering = [tool for tool in survey.tools if isinstance(tool, Answers)]
    schemas = {tool.name: Path("schemas", name, f"{names[tool.name]}.json") for tool in answering}
    server = " ".join(filter(None, (survey.server.name or name, survey.server.version)))
    lines = [
        f"# Probes of {comment(server)}",
        f"# Written by `mcp-prober init`, over MCP {survey.server.protocol_version}. Yours to edit.",
        "",
        "targets:",
        f"  {flow(name)}:",
        *_settings(target),
        "",
        f"defaults: {flow(defaults)}",
        "",
        "probes:",
        *_probe(f"{name}-handshake", {"target": name, "kind": "handshake"}),
        "",
        *_probe(f"{name}-catalog", _catalog(name, survey)),
        f"    # contract: contracts/{name}.json     # tells of every change: add it, then run `mcp-prober pin`",
    ]
    for tool in survey.tools:
        probe = f"{name}-{names[tool.name]}"
        call = {"target": name, "kind": "call", "tool": tool.name}
        if isinstance(tool, Answers):
            lines += ["", *_probe(probe, call | _answering(tool, schemas[tool.name]))]
        else:
            lines += ["", *_left_out(probe, call, tool)]
    texts = {schemas[tool.name]: json.dumps(tool.schema, indent=2) + "\n" for tool in answering}
    return ProbeFile(path=Path(f"{name}.yaml"), files={Path(f"{name}.yaml"): "\n".join(lines) + "\n", **texts})


def write(draft: ProbeFile, folder: Path, *, force: bool = False) -> None:
    """Write the files of a draft into a folder. Raises WouldOverwrite, or OSError."""
    there = sorted(folder / path for path in draft.files if (folder / path).exists())
    if there and not force:
        raise WouldOverwrite(there)
    for path, text in draft.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def _catalog(name: str, survey: Survey) -> dict[str, Any]:
    settings: dict[str, Any] = {"target": name, "kind": "catalog"}
    return settings | {section: list(names) for section, names in survey.listed.items() if names}


def _answering(tool: Answers, schema: Path) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    if tool.arguments:
        settings["arguments"] = _literal(tool.arguments)
    if tool.source != "structured":
        settings["from"] = tool.source
    return settings | {"schema": schema.as_posix()}


def _left_out(probe: str, call: Mapping[str, Any], tool: LeftOut) -> Iterator[str]:
    """A comment in place of a probe; where only arguments are missing it is a probe, to be completed and let in."""
    if tool.arguments is None:
        yield f"  # {comment(tool.name)}: {comment(tool.why)}"
        return
    first, *rest = _probe(probe, call)
    yield f"  # {first[2:]}     # choose its arguments and take the marks away"
    yield from (f"  # {line[2:]}" for line in [*rest, "    arguments:", *_template(tool.arguments, "      ")])


def _template(arguments: Mapping[str, Any], indent: str) -> Iterator[str]:
    """Arguments one a line, for a person to fill in what is wanted."""
    for name, value in arguments.items():
        if isinstance(value, Wanted):
            yield f"{indent}{flow(name)}:     # {comment(value.hint, limit=120)}"
        elif isinstance(value, dict) and wanted_in(value):
            yield f"{indent}{flow(name)}:"
            yield from _template(value, indent + "  ")
        else:
            yield f"{indent}{flow(name)}: {flow(_literal(value))}"


def _probe(name: str, settings: Mapping[str, Any]) -> list[str]:
    return [f"  {flow(name)}:", *_settings(settings)]


def _settings(settings: Mapping[str, Any]) -> list[str]:
    return [f"    {key}: {flow(value)}" for key, value in settings.items()]


def _literal(value: Any) -> Any:
    """A value of the server as the configuration has to spell it: there `${…}` would mean something of ours."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, Mapping):
        return {name: _literal(member) for name, member in value.items()}
    return [_literal(element) for element in value] if isinstance(value, list) else value
