"""Labels: names with values that an operator gives to targets, such as team and environment."""

from __future__ import annotations

from typing import Final

from prober.config.fields.field_types import MapOf, Text

NAME: Final = "^[A-Za-z_][A-Za-z0-9_]{0,63}$"
LONGEST_VALUE: Final = 200
_TAKEN: Final = frozenset(
    {"target", "probe", "kind", "reason", "symptom", "result", "location", "job", "instance", "cluster", "le", "source"}
)
"""Labels of our own metrics, and those that Prometheus or its rules add."""


def label_complaint(name: str) -> str | None:
    """Why a label may not have this name, or None."""
    if name.startswith("__"):
        return "names that begin with __ are Prometheus' own"
    return f"{name} is a label of the metrics already" if name in _TAKEN else None


def _value_complaint(text: str) -> str | None:
    return f"longer than {LONGEST_VALUE} characters" if len(text) > LONGEST_VALUE else None


LABELS: Final = MapOf(
    value=Text(complaint=_value_complaint),
    names=NAME,
    names_wanted="letters, digits and _, not beginning with a digit",
    reserved=label_complaint,
)
