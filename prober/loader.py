"""From paths to a `Config`: reads every file, compares them with each other, and tells all mistakes at once.

    load(paths, environ=…) -> Config     or ConfigError with every Mistake of every file
    json_schema()                        the language as JSON Schema, for editors
    reference(examples)                  the language as a Markdown page, for people

The language is `prober.config`; what each kind of probe adds to it, the kind declares (`prober.kinds`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from prober.config import root_schema
from prober.config.document.cursor import Cursor, FileScope, InvalidValueError
from prober.config.document.diagnostics import ConfigError, Mistake, did_you_mean
from prober.config.document.nodes import MappingNode
from prober.config.document.yaml_document import MAX_BYTES, UnreadableError, parse
from prober.config.fields.file_fields import why_unreadable
from prober.config.fields.mapping_schema import MappingSchema
from prober.config.model import Config, Notify, Probe, Target, TargetSource
from prober.files import behind_links, read_bounded
from prober.kinds import all_kinds

SUFFIXES = (".yaml", ".yml")


def load(
    paths: Sequence[Path],
    *,
    environ: Mapping[str, str],
    contracts_may_be_missing: bool = False,
    read: set[Path] | None = None,
    pipes: bool = False,
) -> Config:
    """The configuration that files, and all YAML files directly in folders, make together.

    With `contracts_may_be_missing` a `contract` that is yet to be pinned is no mistake. Every file that the
    configuration depends on is added to `read`, also where it has mistakes. With `pipes` a path may be a pipe, such as
    `<(…)` of a shell, which is read to its end; what lies in a folder never may.

    Raises:
        ConfigError: something is wrong; it holds the mistakes of all files.
    """
    mistakes: list[Mistake] = []
    files = list(_files(paths, mistakes))
    may_be_pipes = set(paths if pipes else ())
    schemas: dict[Path, Any] = {}
    depends_on: set[Path] = set() if read is None else read
    depends_on.update(files)
    scopes = [
        FileScope(
            file=file,
            environ=environ,
            contracts_may_be_missing=contracts_may_be_missing,
            schemas=schemas,
            files=depends_on,
        )
        for file in files
    ]
    roots = [root for scope in scopes if (root := _parse(scope, pipes=scope.file in may_be_pipes)) is not None]
    targets: dict[str, Target] = {}
    probes: dict[str, Probe] = {}
    sources: dict[str, TargetSource] = {}
    notify: Notify | None = None
    differing: set[str] = set()
    for root in roots:
        try:
            sections = _file_schema().read(root)
        except InvalidValueError:
            continue
        differing |= {name for name, target in sections.targets.items() if targets.setdefault(name, target) != target}
        probes.update(sections.probes)
        sources.update(sections.sources)
        notify = sections.notify or notify
    _check_names("targets", roots, taken=differing.__contains__, why="another target has the name")
    _check_names("probes", roots, taken=lambda _: True, why="the name is taken")
    _check_names("sources", roots, taken=lambda _: True, why="the name is taken")
    _check_targets(roots)
    _check_sources(roots)
    _check_written_once("notify", roots)
    for scope in scopes:
        mistakes += sorted(scope.mistakes, key=lambda mistake: mistake.line)
    if mistakes:
        raise ConfigError(mistakes)
    return Config(
        targets=targets,
        probes={
            name: with_target(probe, targets[probe.target]) for name, probe in probes.items() if not probe.template_for
        },
        sources=sources,
        templates={name: probe for name, probe in probes.items() if probe.template_for},
        notify=notify,
        files=tuple(files),
    )


def read_target(name: str, entry: Mapping[str, Any], *, file: Path, environ: Mapping[str, str]) -> Target:
    """A target whose entry is in no file of ours; relative paths start beside `file`. Raises ConfigError."""
    scope = FileScope(file=file, environ=environ)
    try:
        root = Cursor.root(scope, parse(yaml.safe_dump({"targets": {name: entry}}).encode(), scope.note))
        return _file_schema().read(root).targets[name]
    except UnreadableError as error:
        raise ConfigError([Mistake(file=file, line=0, path=name, message=str(error))]) from None
    except InvalidValueError:
        raise ConfigError(scope.mistakes) from None


def with_target(probe: Probe, target: Target) -> Probe:
    """The probe with what holds for all probes of its target."""
    tags = tuple(dict.fromkeys((*target.tags, *probe.tags)))
    return replace(probe, tags=tags, enabled=probe.enabled and target.enabled)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a configuration file."""
    return root_schema.json_schema(all_kinds())


def reference(examples: Mapping[str, str]) -> str:
    """The language as a Markdown page: every key with its type, default and meaning, every section with an example."""
    from prober.config.markdown_reference import reference as page

    return page(all_kinds(), examples)


@cache
def _file_schema() -> MappingSchema[root_schema.File]:
    return root_schema.file_schema(all_kinds())


def _files(paths: Sequence[Path], mistakes: list[Mistake]) -> Iterable[Path]:
    """Each file once, also when it is named twice or lies in a folder that is named."""
    seen = set()
    for path in paths:
        try:
            found = _folder(path) if path.is_dir() else [path]
        except OSError as error:
            mistakes.append(Mistake(file=path, line=0, path="", message=why_unreadable(error)))
            continue
        if not found:
            message = f"no {' or '.join('*' + suffix for suffix in SUFFIXES)} file in this folder"
            mistakes.append(Mistake(file=path, line=0, path="", message=message))
        for file in found:
            if (identity := behind_links(file)) not in seen:
                seen.add(identity)
                yield file


def _folder(folder: Path) -> list[Path]:
    # Editors leave hidden copies of what they have open.
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix in SUFFIXES and not path.name.startswith(".") and not path.is_dir()
    )


def _parse(scope: FileScope, *, pipes: bool) -> Cursor | None:
    try:
        content = read_bounded(scope.file, most=MAX_BYTES, pipes=pipes)
        return Cursor.root(scope, parse(content, scope.note))
    except OSError as error:
        scope.note(0, "", why_unreadable(error))
    except UnreadableError as error:
        scope.note(error.line, "", str(error))
    return None


def _check_names(section: str, roots: Iterable[Cursor], *, taken: Callable[[str], bool], why: str) -> None:
    """A name means one thing in all files. Both places are told.

    Files that stand alone may define the same target, as long as they say the same of it; a probe is in one file.
    """
    first: dict[str, Cursor] = {}
    for root in roots:
        for cursor in _section(root, section):
            if cursor.name not in first:
                first[cursor.name] = cursor
                continue
            other = first[cursor.name]
            if taken(cursor.name):
                cursor.report(f"{why}: {other.scope.file}:{other.line}")


def _check_written_once(section: str, roots: Iterable[Cursor]) -> None:
    """A section without names stands in one file only."""
    found = [cursor for root in roots if (cursor := root.find(section)) is not None]
    for cursor in found[1:]:
        cursor.report(f"written twice; the first is {found[0].scope.file}:{found[0].line}")


def _check_targets(roots: Sequence[Cursor]) -> None:
    """Probes name targets that are there, and write only where that is allowed.

    A target with mistakes of its own is there, too.
    """
    targets = {cursor.name: cursor for root in roots for cursor in _section(root, "targets")}
    for root in roots:
        for cursor, name in root.scope.target_references:
            if name not in targets:
                cursor.report(did_you_mean("no such target", name, targets))
        for cursor, name in root.scope.write_requests:
            allowed = targets[name].find("allow_writes") if name in targets else None
            if name in targets and (allowed is None or getattr(allowed.node, "value", None) is False):
                cursor.report(f"the target {name} must say allow_writes: true as well")
        for cursor, name in root.scope.http_requests:
            if name in targets and not _speaks_streamable_http(targets[name]):
                cursor.report(f"only for Streamable HTTP: the target {name} is of another transport")


def _speaks_streamable_http(target: Cursor) -> bool:
    transport = target.find("transport")
    return target.find("url") is not None and (transport is None or transport.raw_text() != "sse")


def _check_sources(roots: Sequence[Cursor]) -> None:
    """Templates name sources that are there."""
    sources = [cursor.name for root in roots for cursor in _section(root, "sources")]
    for root in roots:
        for cursor, name in root.scope.source_references:
            if name not in sources:
                cursor.report(did_you_mean("no such source", name, sources))


def _section(root: Cursor, name: str) -> Iterable[Cursor]:
    section = root.find(name)
    if section is None or not isinstance(section.node, MappingNode):
        return ()
    return section.entries("a mapping")
