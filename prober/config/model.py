"""The configuration as frozen values: the loader makes them, every other package reads them.

Durations are seconds (float), sizes bytes (int). The loader has validated all values. Each class is declared in the
module of its section, with defaults beside the fields; the settings of a kind are declared by the kind.

Fields that may hold an expanded `${…}` are either of type `Secret` or left out of the `repr`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from prober.config.answer_checks import Checks, Latency, Source
from prober.config.auth import ClientCredentials
from prober.config.fields.schedule_fields import Budget, Window
from prober.config.notify import Notify
from prober.config.probes import Probe
from prober.config.sources import TargetSource
from prober.config.targets import Limits, Protocol, Target, TransportName
from prober.config.tls import Tls

__all__ = [
    "Budget",
    "Checks",
    "ClientCredentials",
    "Config",
    "Latency",
    "Limits",
    "Notify",
    "Probe",
    "Protocol",
    "Source",
    "Target",
    "TargetSource",
    "Tls",
    "TransportName",
    "Window",
]


@dataclass(frozen=True, kw_only=True)
class Config:
    """A whole configuration: one file, or a folder of files."""

    targets: Mapping[str, Target] = field(default_factory=dict)
    probes: Mapping[str, Probe] = field(default_factory=dict)
    sources: Mapping[str, TargetSource] = field(default_factory=dict)
    templates: Mapping[str, Probe] = field(default_factory=dict)
    """Probes for the targets of sources. They have no target; `prober.sources` makes probes of them."""
    notify: Notify | None = None
    files: tuple[Path, ...] = ()
