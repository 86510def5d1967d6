"""Templates and the targets of sources to probes: a Config as if all were written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase

from prober.config.model import Config, Probe, Target
from prober.loader import with_target


def expanded(config: Config, found: Mapping[str, Mapping[str, Target]]) -> Config:
    """`found` has the targets of each source by name. What a file defines stays; a target of that name is left out."""
    targets, probes = dict(config.targets), dict(config.probes)
    for given in found.values():
        for name, target in given.items():
            targets.setdefault(name, target)
    for template in config.templates.values():
        for name, target in found.get(_source(template), {}).items():
            if targets[name] is target and _fits(template, target):
                probe = f"{name}-{template.name}"
                probes.setdefault(probe, with_target(replace(template, name=probe, target=name), target))
    return replace(config, targets=targets, probes=probes)


def _source(template: Probe) -> str:
    return template.template_for.source if template.template_for is not None else ""


def _fits(template: Probe, target: Target) -> bool:
    wanted = template.template_for.labels if template.template_for is not None else {}
    return all(fnmatchcase(target.labels.get(name, ""), pattern) for name, pattern in wanted.items())
