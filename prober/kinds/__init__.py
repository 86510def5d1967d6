"""The kinds of probes, a folder each; nothing else needs to know a kind by its name.

A folder `prober/kinds/KIND/` is found by being there. It has two parts:

    __init__.py   `KIND`, a `ProbeKind`: what it does in a sentence, its settings, the reasons it can end with, the
                  metrics of what it learns
    run.py        `async def run(context, settings)`: returns when the target is well, else raises Failure

To read a configuration, all kinds are declared and none of their `run.py` is imported.

The modules beside the folders are what kinds share: `context` is what a run is given, `answer` judges, `tool_call` and
`run_step` call a tool, `step` and `placeholders` declare such calls, `reasons` are those of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from prober.config.diagnostics import did_you_mean
from prober.config.kind import ProbeKind

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
    """The run function of a kind, imported now: the code of races is large, and few passes have a race."""
    kind_of(name)
    run: RunKind = import_module(f"{__name__}.{name}.run").run
    return run


def table() -> str:
    """All kinds in Markdown: the name, what it does, the keys that it has beside those of every probe."""
    rows = [
        f"| `{name}` | {kind.help} | {', '.join(f'`{key.name}`' for key in kind.settings.keys)} |"
        for name, kind in all_kinds().items()
    ]
    return "\n".join(["| kind | what it does | keys |", "|---|---|---|", *rows, ""])


def _declared(name: str) -> ProbeKind:
    kind = import_module(f"{__name__}.{name}").KIND
    assert isinstance(kind, ProbeKind)
    return kind
