"""Every source looked at once, for one pass of probes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from prober.config.model import Config, Target
from prober.config.sources import TargetSource
from prober.sources.expansion import expanded
from prober.sources.found import SourceError
from prober.sources.reading import document_of, targets_of


async def with_sources(config: Config, *, environ: Mapping[str, str], tell: Callable[[str, str], None]) -> Config:
    """The configuration with the targets that its sources give now.

    `tell` is called with the name of a source and what is to be said of it: why it gave nothing, or what was left out.
    """

    async def targets(source: TargetSource) -> Mapping[str, Target]:
        try:
            found = targets_of(source, await document_of(source, None), environ=environ)
        except SourceError as error:
            tell(source.name, str(error))
            return {}
        for problem in found.problems:
            tell(source.name, problem)
        if found.left_out > len(found.problems):
            tell(source.name, f"{found.left_out:,} entries were left out in all")
        return found.targets

    given = await asyncio.gather(*(targets(source) for source in config.sources.values()))
    return expanded(config, dict(zip(config.sources, given, strict=True)))
