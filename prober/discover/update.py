"""Adds what is new in a server to a probe file that people may have edited.

The text of the file is not written anew: lines are inserted at the places that the YAML parser names, and every other
character stays what it was, comments, order and spacing included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from prober.config.model import Config
from prober.contract.contract import Contract, dump_contract
from prober.discover.naming import tool_names
from prober.discover.probe_file import probe_lines, schema_path, schema_text
from prober.discover.surveyed import CalledTool, Survey
from prober.discover.templates import skipped_lines
from prober.discover.yaml_emit import flow
from prober.kinds.call import CallSettings
from prober.kinds.catalog import CatalogSettings
from prober.kinds.scenario import ScenarioSettings

_CONTRACT_SECTIONS = ("tools", "prompts", "resources", "templates")


class NotUpdatableError(Exception):
    """The file is written in a way that cannot be added to; the message says which and what to do."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a configuration knows of one server, by section: names that it requires, pins or probes."""

    tools: frozenset[str]
    prompts: frozenset[str]
    catalog: str | None
    """The probe that requires names."""
    settings: CatalogSettings | None


@dataclass(frozen=True, kw_only=True)
class Update:
    """The new text of the probe file, and files beside it, by absolute path."""

    text: str
    files: Mapping[Path, str]
    probes: Mapping[str, str]
    """The names of the probes that were added, by tool."""
    new: Mapping[str, tuple[str, ...]]
    """What the server has and the file had not, by section."""
    gone: Mapping[str, tuple[str, ...]]
    """What the file has and the server has not any more, by section; it stays in the file."""


def known_of(config: Config, target: str) -> Known:
    """What the configuration knows of the server. A tool whose probe a person took out is known all the same."""
    tools: set[str] = set()
    prompts: set[str] = set()
    catalog, catalog_settings = None, None
    for probe in config.probes.values():
        settings = probe.settings
        if probe.target != target:
            continue
        if isinstance(settings, CallSettings):
            tools.add(settings.tool)
        elif isinstance(settings, ScenarioSettings):
            tools |= {step.tool for step in (*settings.steps, *settings.cleanup)}
        elif isinstance(settings, CatalogSettings):
            catalog, catalog_settings = catalog or probe.name, catalog_settings or settings
            pinned = settings.contract or Contract()
            tools |= {*settings.tools, *pinned.tools}
            prompts |= {*settings.prompts, *pinned.prompts}
    return Known(tools=frozenset(tools), prompts=frozenset(prompts), catalog=catalog, settings=catalog_settings)


def update_for(text: str, survey: Survey, *, folder: Path, target: str, known: Known, config: Config) -> Update:
    """The update of the probe file `text` in `folder` by a survey that left out the known tools.

    Raises NotUpdatableError.
    """
    new = {
        section: tuple(name for name in survey.listed[section] if name not in getattr(known, section))
        for section in ("tools", "prompts")
    }
    gone = {
        section: tuple(sorted(getattr(known, section) - set(survey.listed[section])))
        for section in ("tools", "prompts")
        if section in survey.lists
    }
    taken = {name.removeprefix(f"{target}-") for name in config.probes}
    taken |= {path.stem for path in (folder / "schemas" / target).glob("*.json")}
    names = tool_names((tool.name for tool in survey.tools), target=target, taken=taken)
    called = [tool for tool in survey.tools if isinstance(tool, CalledTool)]
    lines: list[str] = []
    files: dict[Path, str] = {}
    for tool in called:
        schema = schema_path(target, names[tool.name])
        lines += ["", *probe_lines(tool, target=target, probe=f"{target}-{names[tool.name]}", schema=schema)]
        files[folder / schema] = schema_text(tool)
    lines += skipped_lines(survey, target=target, probes={tool: f"{target}-{name}" for tool, name in names.items()})
    if (contract := _grown(known.settings, survey)) is not None:
        files |= contract
    return Update(
        text=_Text(text).with_probes(lines).with_names(known.catalog, new).result(),
        files=files,
        probes={tool.name: f"{target}-{names[tool.name]}" for tool in called},
        new={section: names for section, names in new.items() if names},
        gone={section: names for section, names in gone.items() if names},
    )


def _grown(settings: CatalogSettings | None, survey: Survey) -> dict[Path, str] | None:
    """The contract file with what is new; what was pinned stays as it was, so that `drift` still shows its changes."""
    if settings is None or settings.contract is None or settings.contract_file is None or survey.contract is None:
        return None
    sections = {
        section: {**getattr(survey.contract, section), **getattr(settings.contract, section)}
        for section in _CONTRACT_SECTIONS
    }
    return {settings.contract_file: dump_contract(Contract(**sections))}


class _Text:
    """A YAML text, and what is to be inserted at which place."""

    def __init__(self, text: str):
        self._text = text
        self._end = "\r\n" if "\r\n" in text else "\n"
        self._insertions: list[tuple[int, str]] = []
        self._root = _members(yaml.compose(text, Loader=yaml.SafeLoader))

    def with_probes(self, lines: list[str]) -> _Text:
        """Insert probes, written with two spaces before their names, behind the last one of the file."""
        if not lines:
            return self
        section = self._root.get("probes")
        if not isinstance(section, yaml.MappingNode) or section.flow_style or not section.value:
            raise NotUpdatableError("its `probes:` is not a mapping over several lines; write it so, a probe a line")
        indent = " " * section.value[0][0].start_mark.column
        at = len(self._text) if [*self._root][-1] == "probes" else self._line_end(_last(section))
        block = self._end.join(indent + line[2:] if line else "" for line in lines)
        before = "" if self._text[:at].endswith("\n") else self._end
        self._insertions.append((at, before + block + self._end))
        return self

    def with_names(self, catalog: str | None, new: Mapping[str, tuple[str, ...]]) -> _Text:
        """Insert names into the lists of the catalog probe, where it has such lists in this file."""
        probes = _members(self._root.get("probes"))
        settings = _members(probes.get(catalog or ""))
        for section, names in new.items():
            node = settings.get(section)
            if isinstance(node, yaml.SequenceNode) and names:
                self._insert_names(node, [flow(name) for name in names])
        return self

    def result(self) -> str:
        text = self._text
        for at, inserted in sorted(self._insertions, reverse=True):
            text = text[:at] + inserted + text[at:]
        return text

    def _insert_names(self, node: yaml.SequenceNode, names: list[str]) -> None:
        if not node.flow_style:
            indent = " " * node.start_mark.column
            at = self._line_end(_last(node))
            before = "" if self._text[:at].endswith("\n") else self._end
            self._insertions.append((at, before + "".join(f"{indent}- {name}{self._end}" for name in names)))
            return
        at = node.end_mark.index - 1  # the closing bracket
        bare = not node.value or self._text[node.value[-1].end_mark.index : at].lstrip().startswith(",")
        self._insertions.append((at, ("" if bare else ", ") + ", ".join(names)))

    def _line_end(self, index: int) -> int:
        """The beginning of the line after the one that holds the character before `index`."""
        found = self._text.find("\n", max(0, index - 1))
        return len(self._text) if found < 0 else found + 1


def _members(node: Any) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {name.value: value for name, value in node.value if isinstance(name, yaml.ScalarNode)}


def _last(node: yaml.Node) -> int:
    """The index behind the last character of a node: the end mark of a block lies behind comments that follow."""
    return max(_ends(node))


def _ends(node: yaml.Node) -> Iterator[int]:
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, yaml.ScalarNode) or getattr(each, "flow_style", False) or not each.value:
            yield each.end_mark.index
        elif isinstance(each, yaml.MappingNode):
            waiting += [part for pair in each.value for part in pair]
        else:
            waiting += each.value
