"""The settings of the kind `metrics`: the tools that write, lose or wait, and where the page of metrics is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from prober.config.answer_checks import ExpectationField
from prober.config.document.cursor import Cursor
from prober.config.fields.field_types import Boolean, Integer, JsonObject, ListOf, Text
from prober.config.fields.mapping_schema import Values, key, mapping_of, settings
from prober.config.fields.unit_fields import Duration
from prober.config.fields.urls import URL
from prober.config.fields.wrapping import Expanding
from prober.kinds.placeholders import SCRATCH
from prober.kinds.step import STEP, Step, check_arguments, list_at, names_at

if TYPE_CHECKING:
    from prober.assertions.expectations import Expectation

ACTS: Final = ("write", "conflict", "lock_wait")
"""What is done to the server, in this order."""


@settings
class Act:
    """A tool that is called several times, each call of which moves the same counters."""

    tool: str = key(Text(), "The tool to call.")
    arguments: Mapping[str, Any] = key(
        Expanding(JsonObject()),
        'Arguments of the call. "{name}" is a value that the setup captured, "{scratch}" a fresh name for every run.',
        default_factory=dict,
        repr=False,
    )
    times: int = key(Integer(least=1, most=100), "How often it is called.", default=3)
    at_once: int = key(Integer(least=1, most=32), "How many of these calls are open at the same time.", default=1)
    conflict_when: tuple[Expectation, ...] = key(
        ListOf(item=ExpectationField(), wanted="a list of expectations", least=1),
        "How a call that was turned down looks: expectations of the whole result that then all hold.",
        default=(),
    )
    waits: float = key(Duration(), "How long each call of `lock_wait` waits at least.", default=0.0)


_ACT: Final = mapping_of(Act)


@settings
class MetricsSettings:
    """Calls whose effect on the server's counters is certain, and the page that has these counters."""

    metrics_url: str = key(
        URL,
        "The page of metrics of the process that answers the calls. It is asked without the target's credentials.",
        repr=False,
    )
    setup: tuple[Step, ...] = key(
        ListOf(item=STEP, wanted="a list of steps"), "Calls before; they may capture names for the others.", default=()
    )
    write: Act | None = key(_ACT, "Writes that take effect.", default=None)
    conflict: Act | None = key(
        _ACT,
        "Writes that lose, such as one that expects an old version; `conflict_when` says how that looks. Where none of"
        " `times` calls loses, up to ten times as many are made until one does.",
        default=None,
    )
    lock_wait: Act | None = key(_ACT, "Calls that wait for a lock, whether they get it or not.", default=None)
    single_process: bool = key(
        Boolean(),
        "Whether one process alone answers at the target's address. Then calls that the page does not count fail the"
        " probe; otherwise they leave it `unknown`.",
        default=False,
    )
    settle: float = key(Duration(), "How long the page may be behind.", default=2.0)
    cleanup: tuple[Step, ...] = key(
        ListOf(item=STEP, wanted="a list of steps"), "Calls that are made whatever became of the others.", default=()
    )


def check_acts(values: Values) -> None:
    """A call that loses has to be told from one that wins; only a lock is waited for."""
    conflict = values.get("conflict")
    if conflict is not None and not conflict.conflict_when:
        values.at("conflict").report("needs conflict_when: how a call that was turned down looks")
    for name in ("write", "conflict"):
        act = values.get(name)
        if act is not None and act.waits:
            values.at(name).report("waits is for lock_wait alone")
    write = values.get("write")
    if write is not None and write.conflict_when:
        values.at("write").report(
            "conflict_when is for conflict and lock_wait: a write that is turned down proves nothing"
        )


def check_placeholders(values: Values) -> None:
    """The nodes of the file are checked, not the values: a step with a mistake still counts as capturing its names."""
    known = {SCRATCH}
    for step in list_at(values.cursor.find("setup")):
        _check(step, known)
        known.update(names_at(step.find("capture")))
    for name in ACTS:
        if (act := values.cursor.find(name)) is not None:
            _check(act, known)
    for step in list_at(values.cursor.find("cleanup")):
        _check(step, known)


def _check(cursor: Cursor, known: set[str]) -> None:
    if (arguments := cursor.find("arguments")) is not None:
        check_arguments(arguments, known, complaint="nothing is called {} here")
