"""`defaults` and `probes`: what is checked, how often, and within which time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from prober.config.checks import check_deadline
from prober.config.cursor import Cursor, InvalidValueError
from prober.config.diagnostics import did_you_mean
from prober.config.field_types import Boolean, Duration, FieldType, JsonSchema, SchemaBuilder, Text, read_all
from prober.config.kinds import KINDS
from prober.config.kinds.kind import Kind
from prober.config.mapping_schema import Key, MappingSchema, NotWith, Values
from prober.config.model import Probe
from prober.config.targets import masked
from prober.config.times import MAINTENANCE, Cron
from prober.config.units import show_duration

_INTERVAL: Final = Key(name="interval", of=Probe, value_type=Duration(), doc="How often the daemon runs it.")
_TIMEOUT: Final = Key(
    name="timeout", of=Probe, value_type=Duration(), doc="The deadline of one run, from start to close."
)
_MAINTENANCE: Final = Key(
    name="maintenance",
    of=Probe,
    value_type=MAINTENANCE,
    doc="When it may fail for a known reason: it is run, its results are marked.",
)


class _TargetNameField(FieldType[str]):
    """The name of a target, in this file or in another."""

    json_schema: ClassVar[JsonSchema] = {"type": "string", "minLength": 1}

    def read(self, cursor: Cursor) -> str:
        name = Text(wanted="the name of a target").read(cursor)
        cursor.scope.targets_named.append((cursor, name))
        return name


class _KindNameField(FieldType[str]):
    """One of the kinds."""

    json_schema: ClassVar[JsonSchema] = {"enum": list(KINDS)}

    def read(self, cursor: Cursor) -> str:
        name = Text(wanted="a kind").read(cursor)
        if name not in KINDS:
            raise cursor.error(did_you_mean("no such kind", name, KINDS))
        return name


class DefaultsSection(FieldType[Mapping[str, Any]]):
    """What holds for the probes of this file that do not say otherwise: fields of `Probe`."""

    _record: Final[MappingSchema[Mapping[str, Any]]] = MappingSchema(
        keys=(_INTERVAL, _TIMEOUT, _MAINTENANCE), build=lambda values: values.of(Probe)
    )

    def read(self, cursor: Cursor) -> Mapping[str, Any]:
        cursor.scope.defaults = None
        cursor.scope.defaults = self._record.read(cursor)
        return cursor.scope.defaults

    def schema(self, builder: SchemaBuilder) -> JsonSchema:
        return self._record.schema(builder)


class ProbeField(FieldType[Probe]):
    """One probe: the common keys and those of its kind."""

    def read(self, cursor: Cursor) -> Probe:
        kind = cursor.find("kind")
        name = kind.raw_text() if kind is not None else None
        if name in _RECORDS:
            return _RECORDS[name].read(cursor)
        # The keys of an unknown kind cannot be judged; those that all kinds have can.
        known = {key.name: key for key in _COMMON}
        written = {child.name: child for child in cursor.entries("a mapping")}
        if kind is None:
            cursor.report(f"needs kind; known: {', '.join(KINDS)}")
        if "target" not in written:
            cursor.report("needs target")
        read_all({name: (known[name].value_type, child) for name, child in written.items() if name in known})
        raise InvalidValueError

    def schema(self, builder: SchemaBuilder) -> JsonSchema:
        for name, kind in KINDS.items():
            builder.definitions[name] = {"description": kind.doc, **_RECORDS[name].schema(builder)}
        return {
            "type": "object",
            "required": ["target", "kind"],
            "properties": {key.name: key.schema(builder) for key in _COMMON},
            "allOf": [
                {
                    "if": {"properties": {"kind": {"const": name}}, "required": ["kind"]},
                    "then": {"$ref": f"#/$defs/{name}"},
                }
                for name in KINDS
            ],
        }


def _record(kind: Kind) -> MappingSchema[Probe]:
    def build(values: Values) -> Probe:
        cursor = values.cursor
        arguments: dict[str, Any] = {**(cursor.scope.defaults or {}), **values.of(Probe)}
        return Probe(
            name=cursor.name,
            settings=kind.build(values),
            origin=f"{cursor.scope.file}:{cursor.line}",
            secrets=masked(cursor.secrets),
            **arguments,
        )

    def check_times(values: Values) -> None:
        timeout = _seconds(values, _TIMEOUT)
        interval = _seconds(values, _INTERVAL)
        if timeout is None:
            return
        if interval is not None and interval < timeout and not values.has("cron"):
            cursor = values.at("timeout") if values.has("timeout") else values.at("interval")
            cursor.report(
                f"the interval of {show_duration(interval)}{_whence(values, _INTERVAL)} is below"
                f" the timeout of {show_duration(timeout)}{_whence(values, _TIMEOUT)}"
            )
        for cursor in kind.answers(values.cursor):
            check_deadline(cursor, timeout)

    def check_writes(values: Values) -> None:
        if kind.writes_need_target and values.get("allow_writes") and values.get("target"):
            values.cursor.scope.writes_wanted.append((values.at("allow_writes"), values.get("target")))

    return MappingSchema(
        keys=(*_COMMON, *kind.keys),
        build=build,
        rules=(NotWith("cron", ("interval",)), *kind.rules),
        checks=(check_times, check_writes, *kind.checks),
    )


def _seconds(values: Values, key: Key) -> float | None:
    """What holds for the probe, or None where that could not be read."""
    defaults = values.cursor.scope.defaults
    seconds: float | None
    if values.has(key.name):
        seconds = values.get(key.name)
    else:
        seconds = None if defaults is None else defaults.get(key.name, key.default_value)
    return seconds


def _whence(values: Values, key: Key) -> str:
    if values.has(key.name):
        return ""
    return " (from defaults)" if key.name in (values.cursor.scope.defaults or {}) else " (the default)"


_COMMON: Final = (
    Key(
        name="target", of=Probe, value_type=_TargetNameField(), doc="The name of a target, in this file or in another."
    ),
    Key(name="kind", of=Probe, value_type=_KindNameField(), doc="What the probe does."),
    _INTERVAL,
    Key(
        name="cron",
        of=Probe,
        value_type=Cron(),
        doc="When the daemon runs it, instead of interval: five fields, in UTC.",
    ),
    _TIMEOUT,
    _MAINTENANCE,
    Key(
        name="allow_writes",
        of=Probe,
        value_type=Boolean(),
        doc="Whether tools may be called that do not say of themselves that they only read.",
    ),
)
_RECORDS: Final[Mapping[str | None, MappingSchema[Probe]]] = {name: _record(kind) for name, kind in KINDS.items()}
