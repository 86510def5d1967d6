"""What is kept of a target from run to run, for as long as its configuration does not change.

What was learnt of it must not go stale. The era it speaks is forgotten by `target` itself, and only on evidence: an
answer that a server of that era does not give. An outage is none. Its tools are read anew

    after `LISTING_LIVES`    a tool that is no longer offered as read-only, or has another output schema, is seen in
                             five minutes. At the usual interval of a minute that is a fifth of a request more a run,
                             where to ask every time would double them
    after certain failures   a tool that is missing, writes, or answers against its schema may have been changed; one
                             that answers with an error may be gone. The next run says what is true
    when its probes change   one for a tool that is new must not be told that there is no such tool
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Any, Final

from prober.client.target_cache import cache_of
from prober.config.model import Probe, Target
from prober.outcome import Outcome, Reason
from prober.schedule.allowance import Allowance

LISTING_LIVES: Final = 300.0
"""Seconds."""

_OF_TOOLS: Final = frozenset(
    {
        Reason.TOOL_MISSING,
        Reason.NOT_READ_ONLY,
        Reason.OUTPUT_SCHEMA_INVALID,
        Reason.OUTPUT_SCHEMA_MISMATCH,
        Reason.TOOL_ERROR,
        Reason.RPC_ERROR,
    }
)


class Watched:
    """One target: what was learnt of it, its turns and its allowance."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.target_cache = cache_of(target)
        self.turns = asyncio.Semaphore(target.concurrency)
        self.slow = False
        self.allowance = Allowance(target.budget) if target.budget is not None else None
        self._listing: Any = None
        self._listed_at = 0.0

    @property
    def starts_process(self) -> bool:
        """Whether each run starts it anew."""
        return self.target.transport == "stdio"

    def take(self, probe: Probe) -> None:
        """One of its probes is new or has changed."""
        for secret in probe.secrets:
            self.target_cache.redact.add(secret.reveal())
        self.target_cache.tools.forget()

    def succeed(self, former: Watched) -> None:
        """The target has changed: what was sent to it until now counts all the same."""
        if self.allowance is not None and former.allowance is not None:
            self.allowance.inherit(former.allowance)

    def before_run(self) -> None:
        """Forget what is too old to be trusted."""
        tools = self.target_cache.tools
        if tools.value is None or tools.value is not self._listing:
            self._note_listing()
        elif monotonic() - self._listed_at >= LISTING_LIVES:
            tools.forget()

    def after_run(self, probe: Probe, outcome: Outcome) -> None:
        """Take notice of what a run showed."""
        self.slow = outcome.duration_seconds >= probe.timeout / 2
        if outcome.reason in _OF_TOOLS:
            self.target_cache.tools.forget()
        if self.target_cache.tools.value is not self._listing:
            self._note_listing()

    def _note_listing(self) -> None:
        self._listing, self._listed_at = self.target_cache.tools.value, monotonic()


def requests_of(outcome: Outcome) -> int:
    """How many requests a run has sent. Those of a race are counted by the race: its exchanges are not kept."""
    return len(outcome.exchanges) + int(outcome.facts.get("race_operations", 0))
