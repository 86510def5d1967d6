"""`defaults` and `probes`: which checks run, how often, with which timeout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from prober.config.answer_checks import check_deadline
from prober.config.document.cursor import Cursor, InvalidValueError
from prober.config.document.diagnostics import did_you_mean
from prober.config.fields.field_types import Boolean, FieldType, JsonSchema, MapOf, SchemaBuilder, Text, read_all
from prober.config.fields.mapping_schema import (
    ExactlyOne,
    MappingSchema,
    NotWith,
    Values,
    key,
    keys_of,
    mapping_of,
    settings,
)
from prober.config.fields.schedule_fields import MAINTENANCE, Cron, Window
from prober.config.fields.secret import Secret, masked_secrets
from prober.config.fields.tags import TAGS
from prober.config.fields.unit_fields import Duration
from prober.config.fields.units import show_duration
from prober.config.fields.wrapping import Wrapping
from prober.config.kind import ProbeKind


class _TargetNameField(Text):
    """The name of a target, in this file or in another."""

    def read(self, cursor: Cursor) -> str:
        name = super().read(cursor)
        cursor.scope.target_references.append((cursor, name))
        return name


class _SourceNameField(Text):
    """The name of a source, in this file or in another."""

    def read(self, cursor: Cursor) -> str:
        name = super().read(cursor)
        cursor.scope.source_references.append((cursor, name))
        return name


@settings
class Selector:
    """Targets of one source, all of them or those with certain labels."""

    source: str = key(_SourceNameField(wanted="the name of a source"), "The name of a source.")
    labels: Mapping[str, str] = key(
        MapOf(value=Text(wanted="a value, or a pattern such as eu-*")),
        "Only targets with these labels; a value may be a pattern.",
        default_factory=dict,
    )


SELECTOR: Final = mapping_of(Selector)


@settings
class Probe:
    """A named check against one target. `timeout` is the one deadline of a run; `interval` is the daemon's."""

    name: str
    target: str = key(
        _TargetNameField(wanted="the name of a target"),
        "The name of a target, in this file or in another.",
        optional=True,
    )
    """Empty in a template."""
    template_for: Selector | None = key(
        SELECTOR,
        "Instead of target: the targets of sources that it is made for, each a probe of its own named TARGET-NAME.",
        name="for",
        default=None,
    )
    kind: str = key(Text(wanted="a kind"), "What the probe does.")
    settings: Any
    """The frozen dataclass of the kind."""
    interval: float = key(Duration(), "How often the daemon runs it.", default=60.0)
    cron: str | None = key(Cron(), "When the daemon runs it, instead of interval: five fields, in UTC.", default=None)
    timeout: float = key(
        Duration(),
        "The deadline of one run. On stdio it leaves out the start of the process and its end.",
        default=10.0,
    )
    maintenance: tuple[Window, ...] = key(
        MAINTENANCE, "When it may fail for a known reason: it is run, its results are marked.", default=()
    )
    allow_writes: bool = key(
        Boolean(), "Whether tools may be called that do not say of themselves that they only read.", default=False
    )
    tags: tuple[str, ...] = key(TAGS, "Words by which `run --tag` chooses it, beside those of its target.", default=())
    """In a configuration that was loaded, those of its target come first."""
    enabled: bool = key(
        Boolean(), "Whether it is run. A probe that is not is shown as disabled, never as passing.", default=True
    )
    """In a configuration that was loaded, False also where its target is not enabled."""
    origin: str = ""
    """`file:line` where it was defined, for reports."""
    secrets: tuple[Secret, ...] = ()
    """The values of all `${…}` in the arguments. No value is empty."""


class _Defaults(Wrapping[Mapping[str, Any], Mapping[str, Any]]):
    """Default values of the probes of this file: fields of `Probe`."""

    def read(self, cursor: Cursor) -> Mapping[str, Any]:
        cursor.scope.defaults = None
        cursor.scope.defaults = self.inner.read(cursor)
        return cursor.scope.defaults


DEFAULTS: Final = _Defaults(
    MappingSchema(
        keys=tuple(each for each in keys_of(Probe) if each.name in ("interval", "timeout", "maintenance")),
        build=lambda values: values.of(Probe),
    )
)


@dataclass(frozen=True)
class _KindNameField(FieldType[str]):
    """One of the kinds."""

    kinds: Mapping[str, ProbeKind]

    def words(self) -> str:
        return "a kind"

    def read(self, cursor: Cursor) -> str:
        name = Text(wanted=self.words()).read(cursor)
        if name not in self.kinds:
            raise cursor.error(did_you_mean("no such kind", name, self.kinds))
        return name

    def schema(self, builder: SchemaBuilder) -> JsonSchema:  # noqa: ARG002 - the same everywhere
        return {"enum": list(self.kinds)}


class ProbeField(FieldType[Probe]):
    """One probe: the common keys and those of its kind."""

    def __init__(self, kinds: Mapping[str, ProbeKind]):
        self._kinds = kinds
        self._common = keys_of(Probe, kind=_KindNameField(kinds))
        self._mappings: dict[str | None, MappingSchema[Probe]] = {
            name: self._mapping(kind) for name, kind in kinds.items()
        }

    def words(self) -> str:
        return "a mapping"

    def below(self) -> tuple[str, FieldType[Any]]:
        """The keys that every kind has."""
        return "", MappingSchema(keys=self._common, build=lambda values: values.of(Probe))

    def read(self, cursor: Cursor) -> Probe:
        kind = cursor.find("kind")
        name = kind.raw_text() if kind is not None else None
        if name in self._mappings:
            return self._mappings[name].read(cursor)
        # The keys of an unknown kind cannot be checked; the keys of all kinds can.
        known = {each.name: each for each in self._common}
        written = {child.name: child for child in cursor.entries("a mapping")}
        if kind is None:
            cursor.report(f"needs kind; known: {', '.join(self._kinds)}")
        if "target" not in written and "for" not in written:
            cursor.report("needs target or for")
        read_all({name: (known[name].value_type, child) for name, child in written.items() if name in known})
        raise InvalidValueError

    def schema(self, builder: SchemaBuilder) -> JsonSchema:
        for name, kind in self._kinds.items():
            builder.definitions[name] = {"description": kind.help, **self._mappings[name].schema(builder)}
        return {
            "type": "object",
            "required": ["kind"],
            "properties": {each.name: each.schema(builder) for each in self._common},
            "allOf": [
                {
                    "if": {"properties": {"kind": {"const": name}}, "required": ["kind"]},
                    "then": {"$ref": f"#/$defs/{name}"},
                }
                for name in self._kinds
            ],
        }

    def _mapping(self, kind: ProbeKind) -> MappingSchema[Probe]:
        def build(values: Values) -> Probe:
            cursor = values.cursor
            arguments: dict[str, Any] = {"target": "", **(cursor.scope.defaults or {}), **values.of(Probe)}
            return Probe(
                name=cursor.name,
                settings=kind.settings.build(values),
                origin=f"{cursor.scope.file}:{cursor.line}",
                secrets=masked_secrets(cursor.secrets),
                **arguments,
            )

        def check(values: Values) -> None:
            _check_times(values, kind)
            if values.has("for") and values.get("allow_writes"):
                values.at("allow_writes").report("not with for: writes want a target that is named")
            if kind.writes_need_target and values.get("allow_writes") and values.get("target"):
                values.cursor.scope.write_requests.append((values.at("allow_writes"), values.get("target")))

            if kind.needs_http and values.get("target"):
                values.cursor.scope.http_requests.append((values.at("kind"), values.get("target")))

        return MappingSchema(
            keys=(*self._common, *kind.settings.keys),
            build=build,
            rules=(ExactlyOne("target", "for"), NotWith("cron", ("interval",)), *kind.settings.rules),
            checks=(check, *kind.settings.checks),
        )


def _check_times(values: Values, kind: ProbeKind) -> None:
    timeout = seconds_of(values, "timeout")
    interval = seconds_of(values, "interval")
    if timeout is None:
        return
    if interval is not None and interval < timeout and not values.has("cron"):
        cursor = values.at("timeout") if values.has("timeout") else values.at("interval")
        cursor.report(
            f"the interval of {show_duration(interval)}{_origin(values, 'interval')} is below"
            f" the timeout of {show_duration(timeout)}{_origin(values, 'timeout')}"
        )
    for cursor in kind.answers(values.cursor):
        check_deadline(cursor, timeout)


def seconds_of(values: Values, name: str) -> float | None:
    """The value that applies to the probe; None if it is invalid."""
    defaults = values.cursor.scope.defaults
    seconds: float | None
    if values.has(name):
        seconds = values.get(name)
    else:
        seconds = None if defaults is None else defaults.get(name, getattr(Probe, name))
    return seconds


def _origin(values: Values, name: str) -> str:
    if values.has(name):
        return ""
    return " (from defaults)" if name in (values.cursor.scope.defaults or {}) else " (the default)"
