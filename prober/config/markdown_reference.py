"""The language as Markdown for people: every key with its type, default and meaning, from the same declarations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from prober.config.answer_checks import ExpectationField
from prober.config.fields.field_types import FieldType, SchemaBuilder
from prober.config.fields.mapping_schema import Key, MappingSchema
from prober.config.kind import ProbeKind
from prober.config.root_schema import file_schema

_HEAD: Final = ("| key | value | default | meaning |", "|---|---|---|---|")
_EXPECTATION_HEAD: Final = ("| key | meaning |", "|---|---|")


def reference(kinds: Mapping[str, ProbeKind], examples: Mapping[str, str]) -> str:
    """The reference of a configuration file. `examples` are files in YAML, by the section that they show."""
    described: dict[int, str] = {}
    lines = [
        "# Configuration reference",
        "",
        "The sections of a configuration file, and every key in them. `NAME` stands for a name of your own, `[]` for",
        "each item of a list. Durations are written as `500ms`, `5s`, `2m`, `1h` or `30d`, sizes as `64KiB` or `2MiB`.",
        "`${NAME}` is the value of a variable, `${file:PATH}` the contents of a file. Unknown keys are errors. An",
        "editor that has the output of `mcp-prober check --print-schema` completes and explains all of this. This page",
        "is made by the code that reads the files.",
    ]
    for section in file_schema(kinds).keys:
        lines += ["", f"## `{section.name}`", "", section.help, ""]
        mapping, below = _mapping_below(section.value_type, section.name)
        lines += [*_example(examples, section.name), f"The keys of `{below}`:", "", *_HEAD]
        # Without the part that all paths of the section have: names that are long break badly in a table.
        lines += [row.replace(f"| `{below}.", "| `", 1) for row in _rows(mapping, below, described)]
        if section.name == "probes":
            for name, kind in kinds.items():
                lines += ["", f"### `kind: {name}`", "", f"{kind.help} [An example](kinds.md#{name})", "", *_HEAD]
                lines += _rows_of(kind.settings.keys, "", dict(described))
            lines += ["", "### Expectations", "", "What has to hold at a path of the answer.", ""]
            lines += [*_example(examples, "expectations"), *_EXPECTATION_HEAD]
            lines += _expectation_rows()
    return "\n".join(lines) + "\n"


def _example(examples: Mapping[str, str], section: str) -> list[str]:
    return ["```yaml", examples[section].rstrip(), "```", ""]


def _expectation_rows() -> Iterator[str]:
    """Rows of the keys of an expectation, which `prober.assertions` declares as a schema."""
    builder = SchemaBuilder()
    ExpectationField().schema(builder)
    for name, stated in builder.definitions["expectation"]["properties"].items():
        yield _row(f"`{name}`", stated["description"])


def _rows(mapping: MappingSchema[Any] | None, path: str, described: dict[int, str]) -> Iterator[str]:
    """Rows of all keys of a mapping. Keys that several mappings share are described at the first one only."""
    if mapping is not None and described.setdefault(id(mapping), path) == path:
        yield from _rows_of(mapping.keys, f"{path}.", described)


def _rows_of(keys: Iterable[Key], prefix: str, described: dict[int, str]) -> Iterator[str]:
    for key in keys:
        path = prefix + key.name
        mapping, below = _mapping_below(key.value_type, path)
        before = described.get(id(mapping))
        meaning = key.help if before is None else f"{key.help} Its keys are those of `{before}`."
        yield _row(f"`{path}`", key.value_type.words(), _default(key), meaning)
        if mapping is not None and before is None:
            yield from _rows(mapping, below, described)


def _mapping_below(value_type: FieldType[Any], path: str) -> tuple[MappingSchema[Any] | None, str]:
    """The mapping that a value is or consists of, and the path to it."""
    while not isinstance(value_type, MappingSchema):
        if (below := value_type.below()) is None:
            return None, path
        path, value_type = path + below[0], below[1]
    return value_type, path


def _default(key: Key) -> str:
    if key.required:
        return "required"
    shown = key.value_type.show(key.default)
    return "" if shown is None else f"`{str(shown).lower() if isinstance(shown, bool) else shown}`"


def _row(*cells: str) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", r"\|") for cell in cells) + " |"
