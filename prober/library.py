"""The prober as a library: load a configuration, run its probes, get an Outcome for each.

    config = load("probes")
    outcome = await run_probe(config, "notes-search")

The functions check what they are given before anything is connected to: a wrong name raises LookupError or ValueError
and says which name is nearest. What a server does wrong raises nothing, it is in the Outcome. `prober` exports all of
this; only the command line reads arguments, prints and handles signals.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path

from prober import loader
from prober.config.document.diagnostics import did_you_mean
from prober.config.model import Config, Probe
from prober.engine import CONCURRENCY, run_pass
from prober.kinds import kind_of
from prober.outcome import Outcome


def load(*paths: str | PathLike[str], environ: Mapping[str, str] | None = None) -> Config:
    """The configuration that files, and all YAML files directly in folders, make together.

    `environ` is where `${NAME}` is looked up, instead of the process's environment.

    Raises:
        ConfigError: something is wrong; it holds the mistakes of all files.
    """
    if not paths:
        raise ValueError("load() needs a file or a folder")
    return loader.load([Path(path) for path in paths], environ=os.environ if environ is None else environ)


async def run_probe(config: Config, name: str) -> Outcome:
    """Run one probe once, at most `timeout` seconds long.

    Raises:
        LookupError: there is no such probe, or its target is not in the configuration.
        ValueError: the probe is of a kind that there is not.
    """
    [outcome] = await run_probes(config, [name])
    return outcome


async def run_probes(
    config: Config, names: Iterable[str] | None = None, concurrency: int = CONCURRENCY
) -> list[Outcome]:
    """Run probes once each, at most `concurrency` at a time. The outcomes come in the order of `names`.

    Without `names` all probes of the configuration are run that are not disabled; one that is named is run in any case.
    What is learnt of a target (its era, tools and token) is shared by the probes of one call and forgotten at its end,
    when kept processes end as well. To cancel the call ends all its runs.

    Raises:
        LookupError: there is no such probe, or its target is not in the configuration.
        ValueError: a probe is of a kind that there is not, a name is given twice, `concurrency` is below 1.
    """
    if concurrency < 1:
        raise ValueError(f"concurrency is 1 or more, not {concurrency}")
    if isinstance(names, str):
        raise TypeError(f"names is a list of names, not a text: write [{names!r}]")
    enabled = (name for name, probe in config.probes.items() if probe.enabled)
    chosen = list(enabled if names is None else names)
    if len(set(chosen)) < len(chosen):
        twice, _ = Counter(chosen).most_common(1)[0]
        raise ValueError(f"the probe {twice!r} is named twice")
    return await run_pass(config, [_checked(config, name) for name in chosen], concurrency=concurrency)


def _checked(config: Config, name: str) -> Probe:
    """The probe of that name, if it can be run: a configuration may have been put together by code."""
    if name not in config.probes:
        raise LookupError(did_you_mean(f"there is no probe {name!r}", name, config.probes))
    probe = config.probes[name]
    if probe.target not in config.targets:
        raise LookupError(
            did_you_mean(f"probe {name!r}: there is no target {probe.target!r}", probe.target, config.targets)
        )
    try:
        kind = kind_of(probe.kind)
    except ValueError as error:
        raise ValueError(f"probe {name!r}: {error}") from None
    models = tuple({key.model for key in kind.settings.keys if key.model})
    if models and not isinstance(probe.settings, models):
        wanted, given = " or ".join(model.__name__ for model in models), type(probe.settings).__name__
        raise TypeError(f"probe {name!r}: settings of kind {probe.kind!r} are {wanted}, not {given}")
    return probe
