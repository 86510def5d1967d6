"""`defaults` and `probes`: what is checked, how often, and within which time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from prober.config.checks import check_deadline
from prober.config.forms import Duration, Flag, Form, JsonSchema, Sheet, Text, read_all
from prober.config.kinds import KINDS
from prober.config.kinds.kind import Kind
from prober.config.mistake import with_help
from prober.config.model import Probe
from prober.config.place import Place, Refused
from prober.config.record import Fields, Key, NotWith, Record
from prober.config.targets import masked
from prober.config.times import MAINTENANCE, Cron
from prober.config.units import show_duration

_INTERVAL: Final = Key(name="interval", of=Probe, form=Duration(), doc="How often the daemon runs it.")
_TIMEOUT: Final = Key(name="timeout", of=Probe, form=Duration(), doc="The deadline of one run, from start to close.")
_MAINTENANCE: Final = Key(
    name="maintenance",
    of=Probe,
    form=MAINTENANCE,
    doc="When it may fail for a known reason: it is run, its results are marked.",
)


class _TargetName(Form[str]):
    """The name of a target, in this file or in another."""

    stated: ClassVar[JsonSchema] = {"type": "string", "minLength": 1}

    def read(self, place: Place) -> str:
        name = Text(wanted="the name of a target").read(place)
        place.book.targets_named.append((place, name))
        return name


class _KindName(Form[str]):
    """One of the kinds."""

    stated: ClassVar[JsonSchema] = {"enum": list(KINDS)}

    def read(self, place: Place) -> str:
        name = Text(wanted="a kind").read(place)
        if name not in KINDS:
            raise place.refuse(with_help("no such kind", name, KINDS))
        return name


class DefaultsForm(Form[Mapping[str, Any]]):
    """What holds for the probes of this file that do not say otherwise: fields of `Probe`."""

    _record: Final[Record[Mapping[str, Any]]] = Record(
        keys=(_INTERVAL, _TIMEOUT, _MAINTENANCE), build=lambda fields: fields.of(Probe)
    )

    def read(self, place: Place) -> Mapping[str, Any]:
        place.book.defaults = None
        place.book.defaults = self._record.read(place)
        return place.book.defaults

    def schema(self, sheet: Sheet) -> JsonSchema:
        return self._record.schema(sheet)


class ProbeForm(Form[Probe]):
    """One probe: the common keys and those of its kind."""

    def read(self, place: Place) -> Probe:
        kind = place.find("kind")
        name = kind.raw_text() if kind is not None else None
        if name in _RECORDS:
            return _RECORDS[name].read(place)
        # The keys of an unknown kind cannot be judged; those that all kinds have can.
        known = {key.name: key for key in _COMMON}
        written = {child.name: child for child in place.entries("a mapping")}
        if kind is None:
            place.mistake(f"needs kind; known: {', '.join(KINDS)}")
        if "target" not in written:
            place.mistake("needs target")
        read_all({name: (known[name].form, child) for name, child in written.items() if name in known})
        raise Refused

    def schema(self, sheet: Sheet) -> JsonSchema:
        for name, kind in KINDS.items():
            sheet.definitions[name] = {"description": kind.doc, **_RECORDS[name].schema(sheet)}
        return {
            "type": "object",
            "required": ["target", "kind"],
            "properties": {key.name: key.schema(sheet) for key in _COMMON},
            "allOf": [
                {
                    "if": {"properties": {"kind": {"const": name}}, "required": ["kind"]},
                    "then": {"$ref": f"#/$defs/{name}"},
                }
                for name in KINDS
            ],
        }


def _record(kind: Kind) -> Record[Probe]:
    def build(fields: Fields) -> Probe:
        place = fields.place
        values: dict[str, Any] = {**(place.book.defaults or {}), **fields.of(Probe)}
        return Probe(
            name=place.name,
            settings=kind.build(fields),
            origin=f"{place.book.file}:{place.line}",
            secrets=masked(place.secrets),
            **values,
        )

    def check_times(fields: Fields) -> None:
        timeout = _seconds(fields, _TIMEOUT)
        interval = _seconds(fields, _INTERVAL)
        if timeout is None:
            return
        if interval is not None and interval < timeout and not fields.has("cron"):
            place = fields.at("timeout") if fields.has("timeout") else fields.at("interval")
            place.mistake(
                f"the interval of {show_duration(interval)}{_whence(fields, _INTERVAL)} is below"
                f" the timeout of {show_duration(timeout)}{_whence(fields, _TIMEOUT)}"
            )
        for place in kind.answers(fields.place):
            check_deadline(place, timeout)

    def check_writes(fields: Fields) -> None:
        if kind.writes_need_target and fields.get("allow_writes") and fields.get("target"):
            fields.place.book.writes_wanted.append((fields.at("allow_writes"), fields.get("target")))

    return Record(
        keys=(*_COMMON, *kind.keys),
        build=build,
        rules=(NotWith("cron", ("interval",)), *kind.rules),
        checks=(check_times, check_writes, *kind.checks),
    )


def _seconds(fields: Fields, key: Key) -> float | None:
    """What holds for the probe, or None where that could not be read."""
    defaults = fields.place.book.defaults
    seconds: float | None
    if fields.has(key.name):
        seconds = fields.get(key.name)
    else:
        seconds = None if defaults is None else defaults.get(key.name, key.default_value)
    return seconds


def _whence(fields: Fields, key: Key) -> str:
    if fields.has(key.name):
        return ""
    return " (from defaults)" if key.name in (fields.place.book.defaults or {}) else " (the default)"


_COMMON: Final = (
    Key(name="target", of=Probe, form=_TargetName(), doc="The name of a target, in this file or in another."),
    Key(name="kind", of=Probe, form=_KindName(), doc="What the probe does."),
    _INTERVAL,
    Key(
        name="cron",
        of=Probe,
        form=Cron(),
        doc="When the daemon runs it, instead of interval: five fields, in UTC.",
    ),
    _TIMEOUT,
    _MAINTENANCE,
    Key(
        name="allow_writes",
        of=Probe,
        form=Flag(),
        doc="Whether tools may be called that do not say of themselves that they only read.",
    ),
)
_RECORDS: Final[Mapping[str | None, Record[Probe]]] = {name: _record(kind) for name, kind in KINDS.items()}
