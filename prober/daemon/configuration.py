"""The configuration of a running daemon: what the files say, what sources of targets give, and the two together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from prober import notify
from prober.config.model import Config
from prober.daemon.logs import trouble_log
from prober.sources import expanded
from prober.sources.memory import Memory
from prober.sources.watcher import Watcher
from prober.web import Loaded


class Configuration:
    """`load` reads the files; it is called in a thread and raises ConfigError. `state` is the folder of what is kept.

    `on_change` is called when a source gives other targets than before.
    """

    def __init__(
        self, load: Callable[[], Config], *, state: Path | None, since: datetime, on_change: Callable[[], None]
    ) -> None:
        self._load = load
        self._written = Config()
        """What the files say."""
        self.loaded = Loaded(config=Config(), since=since)
        """Files and sources together, as they are in force; and the last attempt to load others."""
        self.sources = Watcher(
            Memory(state / "sources" if state is not None else None),
            on_change=on_change,
            on_trouble=lambda source, why: trouble_log("source", source=source)(why),
        )

    @property
    def in_force(self) -> Config:
        """With the targets of sources, and the probes made of templates."""
        return self.loaded.config

    async def read(self) -> Config:
        """What the files say now; nothing changes yet. Raises ConfigError, or NotifyError."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> Config:
        config = self._load()
        if config.notify is not None:
            notify.check(config.notify)
        return config

    async def use(self, written: Config) -> None:
        """Go by these files from here on, and watch their sources."""
        self._written = written
        await self.sources.apply(written.sources)

    async def put_together(self) -> Config:
        """What files and sources say now, as it comes into force. In a thread: 20,000 targets are many probes."""
        config = await asyncio.to_thread(expanded, self._written, self.sources.targets)
        self.loaded = replace(self.loaded, config=config)
        return config

    def reloaded(self) -> None:
        """The files were read again and are in force."""
        self.loaded = Loaded(config=self.in_force, since=datetime.now(UTC))

    def refused(self, why: str) -> None:
        """The files were read again and cannot be used."""
        self.loaded = replace(self.loaded, refused_at=datetime.now(UTC), refused_for=why)
