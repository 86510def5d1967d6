"""A loaded configuration written out again: every key with the value that is in force, defaults included, no secret.

    names(config) -> the section and name of each target, each probe and `notify`
    entry(config, kinds, section, name) -> its keys and values

Each value is written as its key wants it in YAML: `1m30s`, `2MiB`, `120/h`. A value of type `Secret` is `***`, and so
is every text that a `${…}` stood for, wherever it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from prober.config.fields.field_types import FieldType
from prober.config.fields.mapping_schema import Key, keys_of
from prober.config.fields.schedule_fields import Budget
from prober.config.fields.secret import Secret
from prober.config.fields.units import show_rate
from prober.config.kind import ProbeKind
from prober.config.model import Config, Probe, Target
from prober.redaction import Redactor

Section = Literal["notify", "targets", "probes"]
MASK: Final = "***"
_NOTHING: Final[tuple[Any, ...]] = (None, [], {})
"""What a key is that is not there: it is left out."""


@dataclass(frozen=True, kw_only=True)
class Value:
    """The value of one key, as JSON."""

    key: str
    value: Any
    is_default: bool
    """Whether a file need not say it."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One target, one probe, or `notify`, whose name is empty."""

    section: Section
    name: str
    values: tuple[Value, ...]
    origin: str = ""
    """`file:line` of a probe."""

    @property
    def document(self) -> dict[str, Any]:
        """The values by key."""
        return {each.key: each.value for each in self.values}


def names(config: Config) -> list[tuple[Section, str]]:
    """Of every entry: `notify`, targets and probes, in the order of the configuration."""
    notify: list[tuple[Section, str]] = [("notify", "")] if config.notify is not None else []
    return [*notify, *(("targets", name) for name in config.targets), *(("probes", name) for name in config.probes)]


def entry(config: Config, kinds: Mapping[str, ProbeKind], section: Section, name: str) -> Entry:
    """One of them."""
    if section == "notify":
        return Entry(section=section, name=name, values=tuple(_values(config.notify, Redactor(()))))
    if section == "targets":
        return Entry(section=section, name=name, values=tuple(_of_target(config.targets[name])))
    probe = config.probes[name]
    redact = _redactor(config.targets[probe.target], probe)
    values = (*_values(probe, redact), *_of_kind(probe, kinds[probe.kind].settings.keys, redact))
    return Entry(section=section, name=name, values=values, origin=probe.origin)


def _of_target(target: Target) -> Iterator[Value]:
    for value in _values(target, _redactor(target)):
        # As it is written: with its `${…}`, and without the query of a URL.
        yield replace(value, value=target.address) if value.key in ("url", "command") else value


def _of_kind(probe: Probe, keys: tuple[Key, ...], redact: Redactor) -> Iterator[Value]:
    yield from _values(probe.settings, redact)
    # The operations of a race are keys that no field declares: they are in a mapping, by their names.
    for name in (each.name for each in keys if each.model is None):
        if name in probe.settings.calls:
            yield Value(key=name, value=_json(probe.settings.calls[name], None, redact), is_default=False)


def _redactor(target: Target, probe: Probe | None = None) -> Redactor:
    secrets = (*target.secrets, *(probe.secrets if probe is not None else ()))
    return Redactor(secret.reveal() for secret in secrets)


def _values(model: Any, redact: Callable[[str], str]) -> Iterator[Value]:
    """The keys that the fields of a dataclass declare, with the values of an instance."""
    defaults = {each.name: each.default_factory for each in fields(model)}
    for key in keys_of(type(model)):
        owner = model if key.within is None else getattr(model, key.within.name)
        value = getattr(owner, key.field)
        factory = defaults.get(key.field)
        default = factory() if callable(factory) else key.default
        shown = _json(value, key.value_type, redact)
        if shown not in _NOTHING:
            yield Value(key=key.name, value=shown, is_default=not key.required and value == default)


def _json(value: Any, value_type: FieldType[Any] | None, redact: Callable[[str], str]) -> Any:
    """A value as JSON, as its key wants it."""
    if value is None:
        return None
    if isinstance(value, Secret):
        return MASK
    if isinstance(value, Budget):
        return show_rate(value.requests, value.seconds)
    if isinstance(value, str | Path):
        return redact(str(value))
    if isinstance(value, bool):
        return value
    inner = value_type.below() if value_type is not None else None
    if isinstance(value, int | float):
        shown = value_type.show(value) if value_type is not None else None
        return value if shown is None else shown
    if isinstance(value, Mapping):
        return {redact(str(name)): _json(each, inner and inner[1], redact) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_json(each, inner and inner[1], redact) for each in value]
    if isinstance(value, frozenset):
        return sorted(_json(each, inner and inner[1], redact) for each in value)
    return _of_dataclass(value, redact)


def _of_dataclass(value: Any, redact: Callable[[str], str]) -> Any:
    """Settings by their keys; a compiled schema or expectation by its document; what was read of a file not at all."""
    if is_dataclass(value) and keys_of(type(value)):
        return {each.key: each.value for each in _values(value, redact) if each.value not in _NOTHING}
    return _json(getattr(value, "document", "(in its file)"), None, redact)
