"""From a survey of a server to a configuration that was written, read back, and run: what `init` and `run` do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from prober.config.model import Config, Probe
from prober.discover.probe_file import probe_file_for, write
from prober.discover.survey import survey
from prober.discover.surveyed import CalledTool, SkippedTool, Survey
from prober.engine import run_pass
from prober.kinds.call import CallSettings
from prober.loader import load
from prober.outcome import Outcome

BOUND = 30.0
"""Seconds after which a test gives up."""


@dataclass(frozen=True, kw_only=True)
class Drafted:
    """What was seen, and the folder into which it was written."""

    seen: Survey
    folder: Path
    name: str
    environ: Mapping[str, str]

    @property
    def text(self) -> str:
        return (self.folder / f"{self.name}.yaml").read_text(encoding="utf-8")

    @cached_property
    def config(self) -> Config:
        """What the files say, read by the same rules as any other's."""
        return load([self.folder], environ=self.environ)

    @property
    def skipped(self) -> dict[str, SkippedTool]:
        return {tool.name: tool for tool in self.seen.tools if isinstance(tool, SkippedTool)}

    @property
    def left_out(self) -> dict[str, str]:
        """Why, by tool: what exactly happened, else the reason."""
        return {name: tool.detail or str(tool.reason) for name, tool in self.skipped.items()}

    @property
    def answering(self) -> dict[str, CalledTool]:
        return {tool.name: tool for tool in self.seen.tools if isinstance(tool, CalledTool)}

    def call(self, tool: str) -> tuple[Probe, CallSettings]:
        """The one probe that calls a tool, and its settings."""
        found = [
            (probe, probe.settings)
            for probe in self.config.probes.values()
            if isinstance(probe.settings, CallSettings) and probe.settings.tool == tool
        ]
        assert len(found) == 1, [probe.name for probe, _ in found]
        return found[0]

    async def run(self) -> list[Outcome]:
        config = self.config
        async with asyncio.timeout(BOUND):
            return await run_pass(config, list(config.probes.values()))


async def drafted(
    entry: Mapping[str, Any], folder: Path, *, name: str = "peer", timeout: str = "5s", **environ: str
) -> Drafted:
    """Survey the server at `entry`, as it would stand under `targets:`, and write probes into `folder`/probes."""
    config_file = folder / "target.yaml"
    config_file.write_text(json.dumps({"targets": {name: entry}}))
    target = load([config_file], environ=environ).targets[name]
    async with asyncio.timeout(BOUND):
        seen = await survey(target, timeout=float(timeout.removesuffix("s")))
    probes = folder / "probes"
    write(probe_file_for(seen, name=name, target=entry, defaults={"interval": "60s", "timeout": timeout}), probes)
    return Drafted(seen=seen, folder=probes, name=name, environ=environ)
