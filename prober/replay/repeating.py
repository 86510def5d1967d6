"""The probe that is run again: as it is configured now, with the arguments and the seed of the stored run.

Address, credentials and permissions are the configuration's alone. Of the stored run come arguments, and only for the
tool, prompt or resource that the probe itself names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from prober.config.document.diagnostics import did_you_mean
from prober.config.in_force import MASK
from prober.config.model import Config, Probe
from prober.json_values import cap
from prober.redaction import Redactor
from prober.replay.stored import StoredRun

_LONGEST: Final = 200


class NotRepeatableError(ValueError):
    """The stored run cannot be repeated with this configuration. The message says why, and what to do instead."""


@dataclass(frozen=True, kw_only=True)
class Repetition:
    """What is run, and what is to be said of it."""

    probe: Probe
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Asks:
    """How a kind of one request says what it asks for."""

    method: str
    parameter: str
    """Of the request, and the field of the settings that is the same."""
    field: str
    arguments: bool = True


_ONE_REQUEST: Final[Mapping[str, _Asks]] = {
    each.method: each
    for each in (
        _Asks(method="tools/call", parameter="name", field="tool"),
        _Asks(method="prompts/get", parameter="name", field="prompt"),
        _Asks(method="resources/read", parameter="uri", field="uri", arguments=False),
    )
}


def configured(run: StoredRun, config: Config) -> Probe:
    """The probe of a stored run. Raises NotRepeatableError where the configuration has another one, or none."""
    probe = config.probes.get(run.probe)
    if probe is None:
        raise NotRepeatableError(
            did_you_mean(f"the configuration has no probe {run.probe!r}, which failed", run.probe, config.probes)
        )
    if probe.target != run.target:
        raise NotRepeatableError(
            f"the probe {run.probe} failed on the target {run.target!r}; the configuration has it for {probe.target!r}"
        )
    if run.kind and probe.kind != run.kind:
        raise NotRepeatableError(f"the probe {run.probe} was of kind {run.kind}; now it is of kind {probe.kind}")
    return probe


def repetition_of(run: StoredRun, probe: Probe, redact: Redactor) -> Repetition:
    """What is to be run. Raises NotRepeatableError where the probe asks for something else now."""
    if (seed := run.seed) is not None and hasattr(probe.settings, "seed"):
        probe = replace(probe, settings=replace(probe.settings, seed=seed))
        return Repetition(probe=probe, notes=(f"with the seed {seed} of then; how the calls meet is up to the server",))
    message = run.deciding.message if run.deciding is not None else None
    asks = _ONE_REQUEST.get(str(message["method"])) if message is not None else None
    if message is None or asks is None or not hasattr(probe.settings, asks.field):
        return Repetition(probe=probe)
    return _with_arguments(probe, asks, message.get("params"), redact)


def _with_arguments(probe: Probe, asks: _Asks, params: Any, redact: Redactor) -> Repetition:
    params = params if isinstance(params, dict) else {}
    then, now = params.get(asks.parameter), redact(str(getattr(probe.settings, asks.field)))
    if then != now:
        raise NotRepeatableError(
            f"the probe {probe.name} asked for {cap(str(then), _LONGEST)!r} when it failed; now it asks for {now!r}"
        )
    arguments = params.get("arguments", {})
    if not asks.arguments or not isinstance(arguments, dict):
        return Repetition(probe=probe)
    if redact(_canonical(probe.settings.arguments)) == redact(_canonical(arguments)):
        return Repetition(probe=probe)
    if MASK in _canonical(arguments):
        note = "the arguments of the probe have changed since, and those of then hold a secret that is masked"
        return Repetition(probe=probe, notes=(f"{note}: run with those of now",))
    probe = replace(probe, settings=replace(probe.settings, arguments=arguments))
    shown = cap(redact(_canonical(arguments)), _LONGEST)
    return Repetition(probe=probe, notes=(f"the arguments have changed since; run with those of then: {shown}",))


def _canonical(arguments: Mapping[str, Any]) -> str:
    return json.dumps(arguments, sort_keys=True, ensure_ascii=False)
