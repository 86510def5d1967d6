"""The models of races: the operations of each, and the anomalies that a trace can show.

`prober.consistency` judges the traces; it defines each model and says why its judgement is sound.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from prober.outcome import Reason


@dataclass(frozen=True, kw_only=True)
class OperationModel:
    """The requirements of one operation on its tool."""

    answers: tuple[str, ...] = ()
    """Required keys of the operation: paths into its answer."""
    writes: bool = False
    """Whether the operation writes a unique element: its arguments must hold `{op}`."""
    optional: bool = False
    placeholders: frozenset[str] = frozenset()
    """Placeholders of this operation beside `{scratch}`, `{client}` and captured names."""


@dataclass(frozen=True, kw_only=True)
class RaceModel:
    """One model."""

    operations: Mapping[str, OperationModel]
    """By name, which is also the key of the operation in the configuration."""
    anomalies: tuple[Reason, ...]
    collection: bool = False
    """Whether a read returns many elements."""
    drains: str | None = None
    """The operation that takes elements out: nothing reads them, and what is left is taken out after the race."""


_WRITE: Final = OperationModel(writes=True, placeholders=frozenset({"op"}))
_READ: Final = OperationModel(answers=("value",))
_HOLDER: Final = frozenset({"op", "version", "value"})
_SEEN_LATE: Final = (Reason.NON_MONOTONIC_READ, Reason.STALE_READ)
_OF_ELEMENTS: Final = (
    Reason.LOST_UPDATE,
    *_SEEN_LATE,
    Reason.DUPLICATE_EFFECT,
    Reason.PHANTOM_VALUE,
    Reason.ORDER_VIOLATION,
)

MODELS: Final[Mapping[str, RaceModel]] = {
    "counter": RaceModel(
        operations={"increment": OperationModel(placeholders=frozenset({"op"})), "read": _READ}, anomalies=_OF_ELEMENTS
    ),
    "register": RaceModel(
        operations={
            "write": OperationModel(writes=True, placeholders=frozenset({"op", "version"})),
            "read": OperationModel(answers=("value", "version")),
        },
        anomalies=(Reason.LOST_UPDATE, Reason.TORN_READ, *_SEEN_LATE, Reason.PHANTOM_VALUE, Reason.ORDER_VIOLATION),
    ),
    "log": RaceModel(operations={"append": _WRITE, "read": _READ}, anomalies=_OF_ELEMENTS, collection=True),
    "set": RaceModel(operations={"add": _WRITE, "read": _READ}, anomalies=_OF_ELEMENTS, collection=True),
    "queue": RaceModel(
        operations={"enqueue": _WRITE, "dequeue": _READ},
        anomalies=(
            Reason.LOST_UPDATE,
            Reason.STALE_READ,
            Reason.DUPLICATE_EFFECT,
            Reason.PHANTOM_VALUE,
            Reason.ORDER_VIOLATION,
        ),
        drains="dequeue",
    ),
    "lock": RaceModel(
        operations={
            "acquire": OperationModel(placeholders=frozenset({"op"})),
            "release": OperationModel(placeholders=_HOLDER),
            "write": OperationModel(placeholders=_HOLDER, optional=True),
        },
        anomalies=(Reason.EXCLUSION_BROKEN, Reason.ORDER_VIOLATION, Reason.LOCK_STUCK),
    ),
    "record": RaceModel(
        operations={"write": _WRITE, "read": OperationModel(answers=("fields",))},
        anomalies=(Reason.LOST_UPDATE, Reason.TORN_READ, *_SEEN_LATE, Reason.PHANTOM_VALUE),
    ),
}

OPERATIONS: Final = tuple(dict.fromkeys(name for model in MODELS.values() for name in model.operations))
"""The names of the operations of all models."""
