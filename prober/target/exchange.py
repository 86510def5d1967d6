"""What is recorded of each exchange with a server: step, phases, status, bytes and a redacted excerpt of both sides."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from prober.outcome import Exchange, Phase

EXCERPT: Final = 2000
"""Characters kept of what was sent and of what came back."""

_SHORTEST_SECRET: Final = 4
"""Shorter values are not looked for: replacing every `a` would hide the evidence and protect nothing."""


class Redactor:
    """Replaces every secret of one target by `***` in texts that people will read."""

    def __init__(self, secrets: Iterable[str]):
        self._secrets = sorted({s for s in secrets if len(s) >= _SHORTEST_SECRET}, key=len, reverse=True)

    def add(self, secret: str) -> None:
        """Learn a secret that only came up at run time, such as an access token."""
        if len(secret) >= _SHORTEST_SECRET and secret not in self._secrets:
            self._secrets = sorted([*self._secrets, secret], key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


class Draft:
    """An exchange that is still going on. One at a time is open in a log."""

    def __init__(self, step: str):
        self.step = step
        self.started_at = time.monotonic()
        self.phase: Phase | None = None
        self.http_status: int | None = None
        self.content_type: str | None = None
        self.bytes_sent = 0
        self.bytes_received = 0
        self.sent = b""
        self.received = b""
        self.head = b""
        """The first bytes of the answer as they came, to tell what is not HTTP from HTTP that was cut off."""
        self._phases: dict[Phase, float] = {}
        self._since = self.started_at

    def enter(self, phase: Phase | None) -> None:
        """The running phase ends and another begins; None ends the last one."""
        now = time.monotonic()
        if self.phase is not None:
            self._phases[self.phase] = self._phases.get(self.phase, 0.0) + now - self._since
        self.phase, self._since = phase, now

    def saw(self, chunk: bytes) -> None:
        """Count what came back and keep its beginning."""
        self.bytes_received += len(chunk)
        if len(self.received) < EXCERPT:
            self.received += chunk[: EXCERPT - len(self.received)]

    def freeze(self, redact: Redactor) -> Exchange:
        self.enter(None)
        return Exchange(
            step=self.step,
            started_at=self.started_at,
            duration_seconds=time.monotonic() - self.started_at,
            phases=dict(self._phases),
            http_status=self.http_status,
            content_type=self.content_type,
            bytes_sent=self.bytes_sent,
            bytes_received=self.bytes_received,
            sent=redact(self.sent[:EXCERPT].decode("utf-8", "replace")),
            received=redact(self.received.decode("utf-8", "replace")),
        )


class ExchangeLog:
    """The exchanges of one run, in order."""

    def __init__(self, redact: Redactor):
        self.redact = redact
        self.finished: list[Exchange] = []
        self.last: Draft | None = None
        """The exchange that was open most recently: after a deadline it tells where the time went."""

    @contextmanager
    def exchange(self, step: str) -> Iterator[Draft]:
        """Record what happens inside as one exchange, however it ends."""
        draft = self.last = Draft(step)
        try:
            yield draft
        finally:
            stopped_in = draft.phase
            self.finished.append(draft.freeze(self.redact))
            draft.phase = stopped_in

    def phases(self) -> dict[Phase, float]:
        """Seconds per phase, summed over all exchanges of the run."""
        total: dict[Phase, float] = {}
        for exchange in self.finished:
            for phase, seconds in exchange.phases.items():
                total[phase] = total.get(phase, 0.0) + seconds
        return total
