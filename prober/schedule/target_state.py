"""The state of a target between runs, kept for as long as the target's configuration does not change.

Knowledge of a target must not go stale. Its protocol era is forgotten by the client itself, and only on evidence: an
answer that a server of that era does not give. An outage is no evidence. The list of its tools is read again

    after `LISTING_LIVES`    a tool that is no longer offered as read-only, or has another output schema, is seen in
                             five minutes. At the usual interval of a minute that is a fifth of a request more a run,
                             where to ask every time would double them
    after certain failures   a tool that is missing, writes, or answers against its schema may have been changed; one
                             that answers with an error may be gone. The next run says what is true
    when its probes change   one for a tool that is new must not be told that there is no such tool
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, Final

from prober.client.stdio.kept_processes import KeptProcesses
from prober.client.target_cache import cache_of
from prober.config.model import Probe, Target
from prober.kinds import kind_of
from prober.outcome import Outcome, Reason
from prober.report.formatting import rfc3339
from prober.schedule.host_limit import HostLimit
from prober.schedule.rate_limit import RateLimit

LONGEST_WAIT: Final = 86_400.0
"""Seconds for which a server is left alone at most, whatever it asks for."""
LISTING_LIVES: Final = 300.0
"""Seconds."""

_TOOLS_MAY_HAVE_CHANGED: Final = frozenset(
    {
        Reason.TOOL_MISSING,
        Reason.NOT_READ_ONLY,
        Reason.OUTPUT_SCHEMA_INVALID,
        Reason.OUTPUT_SCHEMA_MISMATCH,
        Reason.TOOL_ERROR,
        Reason.RPC_ERROR,
    }
)


class TargetState:
    """One target: what was learnt of it, the processes that are kept, its concurrency slots and its rate limit."""

    def __init__(
        self, target: Target, *, kept: KeptProcesses | None = None, host_limit: HostLimit | None = None
    ) -> None:
        self.target = target
        self.target_cache = cache_of(target)
        self.kept = kept.pool_of(target, self.target_cache.redact) if kept is not None else None
        self.slots = asyncio.Semaphore(target.concurrency)
        self.slow = False
        self.rate_limit = RateLimit(target.budget) if target.budget is not None else None
        self.host_limit = host_limit
        self._left_alone_until = 0.0
        """By the monotonic clock: the server has asked not to be asked before."""
        self._listing: Any = None
        self._listed_at = 0.0

    def probe_changed(self, probe: Probe) -> None:
        """One of the target's probes is new or has changed."""
        for secret in probe.secrets:
            self.target_cache.redact.add(secret.reveal())
        self.target_cache.tools.forget()

    def inherit(self, former: TargetState) -> None:
        """The target's configuration has changed: requests that were sent before still count against its budget."""
        if self.rate_limit is not None and former.rate_limit is not None:
            self.rate_limit.inherit(former.rate_limit)
        if former.target.url == self.target.url:
            self._left_alone_until = former._left_alone_until

    def reserve(self, probe: str, *, expected: int, most: int) -> str | None:
        """Reserve requests for a run of this probe and return None; or return why none may be sent now.

        The target's budget goes by what is `expected`; the host's, which is a promise to strangers, by the `most` that
        the run may send.
        """
        wait = self._left_alone_until - monotonic()
        if wait > 0:
            end = rfc3339(datetime.now(UTC) + timedelta(seconds=wait))
            return f"the server asked by Retry-After to be left alone until {end}"
        if self.rate_limit is not None and (refusal := self.rate_limit.reserve(expected)) is not None:
            return refusal
        if self.host_limit is not None and (refusal := self.host_limit.reserve(probe, most)) is not None:
            if self.rate_limit is not None:
                self.rate_limit.settle(expected, 0)
            return refusal
        return None

    def settle(self, *, expected: int, most: int, sent: int | None) -> None:
        """A run that had reserved these requests has sent `sent`; None where it was cancelled, and nobody knows."""
        for limit, reserved in ((self.rate_limit, expected), (self.host_limit, most)):
            if limit is not None:
                limit.settle(reserved, reserved if sent is None else sent)

    def before_run(self) -> None:
        """Forget a list of tools that is too old."""
        tools = self.target_cache.tools
        if tools.value is None or tools.value is not self._listing:
            self._note_listing()
        elif monotonic() - self._listed_at >= LISTING_LIVES:
            tools.forget()

    def after_run(self, probe: Probe, outcome: Outcome) -> None:
        """Update the state by what a run showed."""
        start = outcome.facts.get("start_seconds", 0.0)
        if not kind_of(probe.kind).beside:  # that takes long by intention
            self.slow = outcome.duration_seconds >= probe.timeout / 2 or start >= self.target.startup_timeout / 2
        if self.target.of_registry:
            asked = [each.retry_after_seconds for each in outcome.exchanges if each.retry_after_seconds is not None]
            self._left_alone_until = monotonic() + min(max(asked, default=0.0), LONGEST_WAIT)
        if outcome.reason in _TOOLS_MAY_HAVE_CHANGED:
            self.target_cache.tools.forget()
        if self.target_cache.tools.value is not self._listing:
            self._note_listing()

    def _note_listing(self) -> None:
        self._listing, self._listed_at = self.target_cache.tools.value, monotonic()


def requests_of(outcome: Outcome) -> int:
    """How many requests a run sent. A race counts its own: the exchanges of a race are not kept."""
    return len(outcome.exchanges) + int(outcome.facts.get("race_operations", 0))
