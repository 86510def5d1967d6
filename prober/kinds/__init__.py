"""The kinds of probes, a folder each; no other code knows a kind by its name.

Every folder `prober/kinds/KIND/` is a kind. It has three parts:

    __init__.py   `KIND`, a `ProbeKind`: a sentence of help, its settings, the reasons it can end with, its metrics
    run.py        `async def run(context, settings)`: returns if the target is well, else raises Failure
    example.yaml  a configuration file that shows each of its keys, for the documentation

To read a configuration, only the declarations are imported, never a `run.py`.

The kinds share the modules beside the folders:

    context              the argument of every run function: target, deadline, session, facts, warnings
    run_clock            the timeouts of a run, which stand still while a process starts or leaves
    answer               judges an answer by the checks of the configuration
    warm, asked_twice    the keys and metrics of a second request in the same run; both requests, judged
    tool_call, run_step  call a tool; run one step of a scenario or race
    turned_down          whether a call was turned down, as a race or an act expects it of some
    step, placeholders   the declaration of such a step; `{name}` in its arguments
    connections          sessions of several clients at once, replaced after a failed call
    speaker, broken_rules   right requests made by hand, of which a rule changes one thing; what a run found wrong
    several_failures     several failures as the one that a run ends with
    offered, token_budget   the list of tools as rules of clients look at it; what may be too heavy for a model
    read_only            whether a tool changes nothing
    reasons              reasons that several kinds can end with
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias

from prober.config.document.diagnostics import did_you_mean
from prober.config.kind import FactMetric, ProbeKind

if TYPE_CHECKING:
    from prober.kinds.context import ProbeContext

RunKind: TypeAlias = "Callable[[ProbeContext, Any], Awaitable[None]]"


@cache
def all_kinds() -> Mapping[str, ProbeKind]:
    """Every kind by its name, in the order of their ranks."""
    found = {module.name: _declared(module.name) for module in iter_modules(__path__) if module.ispkg}
    return MappingProxyType(dict(sorted(found.items(), key=lambda item: (item[1].rank, item[0]))))


def kind_of(name: str) -> ProbeKind:
    """The kind of that name. Raises ValueError where there is none."""
    if (kind := all_kinds().get(name)) is None:
        raise ValueError(did_you_mean(f"no such kind as {name!r}", name, all_kinds()))
    return kind


def run_of(name: str) -> RunKind:
    """The run function of a kind, imported by this call: the code of races is large and seldom needed."""
    run: RunKind = _run_module(name).run
    return run


@cache
def _run_module(name: str) -> ModuleType:
    kind_of(name)
    return import_module(f"{__name__}.{name}.run")


def fact_metrics() -> tuple[FactMetric, ...]:
    """The metrics of all kinds, each once: kinds may share one."""
    return tuple({metric.name: metric for kind in all_kinds().values() for metric in kind.metrics}.values())


def _declared(name: str) -> ProbeKind:
    kind = import_module(f"{__name__}.{name}").KIND
    assert isinstance(kind, ProbeKind)
    return kind
