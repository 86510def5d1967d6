"""What each reason means and what to do about it: the one text for reports, pages, notifications and documentation.

meaning              the explanation of one reason
transport … race     the explanations of the reasons, a module for each family or two
situations           next steps of failures of which more is known than their reason

A kind may have a next step of its own for a reason, in its declaration: `ProbeKind.next_steps`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Final

from prober.outcome import Evidence, Reason
from prober.reasons.meaning import Meaning

_MODULES: Final = ("transport", "http", "protocol", "transport_rules", "answers", "race", "prober_itself")
_BLANK: Final = re.compile(r"\{(target|probe|step|address|program)\}")


@cache
def meanings() -> Mapping[Reason, Meaning]:
    """The explanation of every reason, in the order of the tree of reasons."""
    found: dict[Reason, Meaning] = {}
    for module in _MODULES:
        found |= import_module(f"{__name__}.{module}").MEANINGS
    return MappingProxyType({reason: found[reason] for reason in Reason})


def meaning_of(reason: Reason) -> Meaning:
    """The explanation of a reason."""
    return meanings()[reason]


def next_step(
    reason: Reason, evidence: Evidence, names: Mapping[str, str], *, of_kind: Mapping[Reason, str] | None = None
) -> str:
    """What to do about one failure, in the situation that the evidence knows, else for its kind, else for its reason.

    `names` has the target, probe and step of the run; what is not known of it is written in capitals.
    """
    from prober.reasons.situations import REFINEMENTS

    template = (of_kind or {}).get(reason) or meaning_of(reason).next_step
    refinement = REFINEMENTS.get(evidence.situation) if evidence.situation is not None else None
    if refinement is not None and reason in refinement.reasons:
        template = refinement.next_step
    return filled(template, {**names, "address": evidence.remedy or "", "program": evidence.remedy or ""})


def filled(template: str, known: Mapping[str, str]) -> str:
    """A next step with what is known; a blank that is not known stays as a word in capitals."""
    return _BLANK.sub(lambda blank: known.get(blank[1]) or blank[1].upper(), template)
