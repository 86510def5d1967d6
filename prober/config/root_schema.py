"""The language as a whole: what stands at the top of a file, and the JSON Schema that editors are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from prober.config.field_types import FieldType, MapOf, OwnSecrets, SchemaBuilder
from prober.config.mapping_schema import Key, MappingSchema, mapping_of
from prober.config.model import Notify, Probe, Target
from prober.config.notify import NOTIFY
from prober.config.probes import DefaultsSection, ProbeField
from prober.config.targets import TARGET


@dataclass(frozen=True, kw_only=True)
class File:
    """What one file defines."""

    targets: Mapping[str, Target] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    probes: Mapping[str, Probe] = field(default_factory=dict)
    notify: Notify | None = None


def _by_name(field_type: FieldType[Any]) -> FieldType[Any]:
    return MapOf(
        value=OwnSecrets(field_type),
        names="^[A-Za-z0-9][A-Za-z0-9._-]*$",
        names_wanted="letters, digits and . _ -, beginning with a letter or digit",
        longest_name=100,
    )


# In the order of reading: probes take what `defaults` says.
FILE: Final[MappingSchema[File]] = mapping_of(
    File,
    Key(name="targets", of=File, value_type=_by_name(TARGET), doc="MCP servers, by name."),
    Key(name="defaults", of=File, value_type=DefaultsSection(), doc="What holds for the probes of this file."),
    Key(name="probes", of=File, value_type=_by_name(ProbeField()), doc="Checks, by name."),
    Key(
        name="notify",
        of=File,
        value_type=NOTIFY,
        doc="Whom the daemon tells of changes; in one file of the configuration.",
    ),
)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a configuration file. What only a run of `check` can know is not in it."""
    builder = SchemaBuilder()
    stated = FILE.schema(builder)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "mcp-prober configuration",
        **stated,
        "$defs": builder.definitions,
    }
