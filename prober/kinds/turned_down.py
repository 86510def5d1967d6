"""Whether a call was turned down, as the configuration says that it looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from prober.assertions.checks import Case, Check, Instance
from prober.kinds.context import ProbeContext
from prober.outcome import Failure, Reason

if TYPE_CHECKING:
    from prober.assertions.expectations import Expectation


async def is_turned_down(
    context: ProbeContext, conflict_when: tuple[Expectation, ...], result: Mapping[str, Any]
) -> bool:
    """Whether all expectations of the whole result hold. Raises Failure where that cannot be judged."""
    whole = Instance(value=result)
    checks = tuple(Check(reason=Reason.EXPECTATION_FAILED, rule=each, instance=whole) for each in conflict_when)
    finding = await context.judge.judge(Case(checks=checks), deadline=context.deadline, target=context.target.name)
    if finding is not None and finding.reason is not Reason.EXPECTATION_FAILED:
        raise Failure(finding.reason, finding.message, step="tools/call", evidence=finding.evidence)
    return finding is None
