"""The configuration as frozen values: what the loader makes of YAML and every other room reads.

Durations are seconds (float), sizes bytes (int). Nothing here is validated: the loader has done it. Each value is
declared where its section of the language is, with its default beside its field and nowhere else; the settings of a
kind of probe are declared by the kind.

Fields in which a `${…}` may have been put are either of type `Secret` or left out of the `repr`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from prober.config.auth import ClientCredentials
from prober.config.checks import Checks, Latency, Source
from prober.config.notify import Notify
from prober.config.probes import Probe
from prober.config.targets import Limits, Protocol, Target, TransportName
from prober.config.times import Budget, Window
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
    "Tls",
    "TransportName",
    "Window",
]


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything of one configuration: a file, or a folder of files read as one."""

    targets: Mapping[str, Target] = field(default_factory=dict)
    probes: Mapping[str, Probe] = field(default_factory=dict)
    notify: Notify | None = None
    files: tuple[Path, ...] = ()
