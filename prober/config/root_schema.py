"""The sections of a file, and the JSON Schema for editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prober.config.fields.field_types import FieldType, MapOf, SchemaBuilder
from prober.config.fields.mapping_schema import MappingSchema, key, keys_of, settings
from prober.config.fields.wrapping import OwnSecrets
from prober.config.kind import ProbeKind
from prober.config.notify import NOTIFY, Notify
from prober.config.probes import DEFAULTS, Probe, ProbeField
from prober.config.sources import SOURCE, TargetSource
from prober.config.targets import TARGET, Target


def _by_name(field_type: FieldType[Any]) -> FieldType[Any]:
    return MapOf(
        value=OwnSecrets(field_type),
        names="^[A-Za-z0-9][A-Za-z0-9._-]*$",
        names_wanted="letters, digits and . _ -, beginning with a letter or digit",
        longest_name=100,
    )


@settings
class File:
    """The sections of one file, in the order of reading: probes need `defaults`."""

    targets: Mapping[str, Target] = key(_by_name(TARGET), "MCP servers, by name.", default_factory=dict)
    sources: Mapping[str, TargetSource] = key(
        _by_name(SOURCE), "Where targets come from that are in no file of ours, by name.", default_factory=dict
    )
    defaults: Mapping[str, Any] = key(DEFAULTS, "What holds for the probes of this file.", default_factory=dict)
    probes: Mapping[str, Probe] = key(ProbeField({}), "Checks, by name.", default_factory=dict)
    notify: Notify | None = key(NOTIFY, "Notifications of the daemon; in one file of the configuration.", default=None)


def file_schema(kinds: Mapping[str, ProbeKind]) -> MappingSchema[File]:
    """The schema of a file with probes of these kinds."""
    keys = keys_of(File, probes=_by_name(ProbeField(kinds)))
    return MappingSchema(keys=keys, build=lambda values: File(**values.of(File)))


def json_schema(kinds: Mapping[str, ProbeKind]) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a configuration file. `check` finds more mistakes than the schema can."""
    builder = SchemaBuilder()
    stated = file_schema(kinds).schema(builder)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "mcp-prober configuration",
        **stated,
        "$defs": builder.definitions,
    }
