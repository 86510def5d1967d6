"""The models that races are held against: what each asks of the tools, and what the trace of a race can show.

The judge of each model, with its definition and the reason why it is sound, stands in `prober.consistency`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from prober.outcome import Reason


@dataclass(frozen=True, kw_only=True)
class OperationModel:
    """What one operation asks of its tool. The names are keys of the operation or placeholders in its arguments."""

    answers: tuple[str, ...] = ()
    """Keys of the operation that must be written: paths into its answer."""
    writes: bool = False
    """Whether the operation puts an element of its own there, so that `{op}` must go into the arguments."""
    optional: bool = False
    placeholders: frozenset[str] = frozenset()
    """Placeholders that this operation has beside `{scratch}`, `{client}` and captured names."""


@dataclass(frozen=True, kw_only=True)
class RaceModel:
    """One model."""

    operations: Mapping[str, OperationModel]
    """By the names of the keys under which tools are mapped to them."""
    anomalies: tuple[Reason, ...]
    collection: bool = False
    """Whether a read shows many elements."""


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
