"""The daemon's settings: how it runs. Targets and probes are in the configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from prober.history import Retention
from prober.schedule import Shard
from prober.schedule.scheduler import CONCURRENCY
from prober.web import PublicPage

HOST: Final = "127.0.0.1"
PORT: Final = 9733
DRAIN: Final = 10.0
"""Seconds that running probes have to end when the daemon stops."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Durations in seconds. Without a `history` file nothing outlives the process."""

    host: str = HOST
    port: int = PORT
    """0 chooses a free port."""
    external_url: str | None = None
    """The URL under which others reach the daemon, if it is not the address it listens on."""
    paths: tuple[Path, ...] = ()
    """Where the configuration is read from, for people: what `run` has to be given."""
    web_config: Path | None = None
    """TLS and basic auth."""
    history: Path | None = None
    retention: Retention = field(default_factory=Retention)
    state: Path | None = None
    """The folder in which is kept what sources of targets gave last."""
    concurrency: int = CONCURRENCY
    """Probes that run at the same time, in all processes together."""
    processes: int = 1
    """Worker processes that the probes are split among; 1 is this process, without a worker."""
    log_format: Literal["json", "text"] = "json"
    """How workers log."""
    shard: Shard | None = None
    location: str | None = None
    """A constant label of every metric: the location of this prober."""
    drain: float = DRAIN
    schedule: bool = True
    """Whether probes run when they are due; else only when /probe asks for one, and nothing is kept of it."""
    public: PublicPage | None = None
    """The page for others, on a listener of its own; None where there is none."""
    otel: bool = False
    """Whether runs are sent by OTLP, as the variables OTEL_… say."""
