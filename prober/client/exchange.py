"""What is recorded of each exchange with a server: step, phases, status, bytes and a redacted excerpt of both sides."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from prober.outcome import Exchange, Phase

EXCERPT: Final = 2000
"""Characters kept of what was sent and of what came back."""

_SHORTEST_SECRET: Final = 4
"""Shorter values are not looked for: replacing every `a` would hide the evidence and protect nothing."""

_NO_SECRETS: Final = frozenset({"true", "false", "null"})
"""Values of environment variables, more often than not, and words of every JSON text."""

_LEARNT: Final = 16
"""Values from run time that are remembered. A token that lives for an hour must not be looked for all year."""

_MASK: Final = "***"


class Redactor:
    """Replaces every secret of one target by `***` in texts that people will read.

    A secret that a cut went through is recognized by what is left of it: at the beginning of a text, at its end, and
    before an ellipsis. One that has to be escaped is looked for as JSON and Python write it, too.
    """

    def __init__(self, secrets: Iterable[str]):
        self._given = {form for secret in secrets for form in _forms(secret)}
        self._learnt: deque[str] = deque(maxlen=_LEARNT)
        self._sort()

    def add(self, secret: str) -> None:
        """Look for one more."""
        if not self._given.issuperset(_forms(secret)):
            self._given |= _forms(secret)
            self._sort()

    def learn(self, secret: str) -> None:
        """Look for a secret that only came up at run time, such as an access token, until enough newer ones have."""
        if secret not in self._learnt:
            self._learnt.append(secret)
            self._sort()

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, _MASK)
        for secret in self._secrets:
            text = _mask_ends(text, secret)
        return text

    def _sort(self) -> None:
        forms = self._given.union(*map(_forms, self._learnt))
        self._secrets = sorted(forms, key=lambda secret: (-len(secret), secret))


def _forms(secret: str) -> set[str]:
    in_json = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    twice = {json.dumps(form)[1:-1] for form in in_json}
    in_python = {repr(secret)[1:-1], repr(secret.encode(errors="replace"))[2:-1]}
    forms = in_json | twice | in_python
    return {form for form in forms if len(form) >= _SHORTEST_SECRET and form.lower() not in _NO_SECRETS}


def _mask_ends(text: str, secret: str) -> str:
    """Mask the end of a secret where a text begins, and its beginning where the text ends or was cut."""
    first, *others = text.split("…")
    return "…".join([_mask_end(_mask_start(first, secret), secret), *(_mask_end(part, secret) for part in others)])


def _mask_end(text: str, secret: str) -> str:
    at = text.find(secret[:_SHORTEST_SECRET], max(0, len(text) - len(secret)))
    while at >= 0:
        if secret.startswith(text[at:]):
            return text[:at] + _MASK
        at = text.find(secret[:_SHORTEST_SECRET], at + 1)
    return text


def _mask_start(text: str, secret: str) -> str:
    some = _SHORTEST_SECRET
    at = text.rfind(secret[-some:], 0, len(secret))
    while at >= 0:
        if secret.endswith(text[: at + some]):
            return _MASK + text[at + some :]
        at = text.rfind(secret[-some:], 0, at + some - 1)
    return text


_ORDER: Final = tuple(Phase)


class ExchangeRecorder:
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
        self.starved = False
        """Whether the exchange ended while it waited for a resource of the prober: it says nothing of the target."""
        self.confidential = False
        """Whether what comes back is a secret: then it is counted, and not kept."""
        self._phases: dict[Phase, float] = {}
        self._since = self.started_at
        self._arrived: float | None = None

    @property
    def beginning(self) -> str:
        """`head` for people to read."""
        return self.head.decode("latin-1") + "…"

    def enter(self, phase: Phase | None, *, at: float | None = None) -> None:
        """The running phase ends and another begins; None ends the last one. `at` is when, if not at this moment.

        What has arrived and is being looked at no longer costs the server's time: `receive` ends with the last byte.
        """
        now = time.monotonic() if at is None else at
        if self.phase is not None:
            end = self._arrived if self.phase is Phase.RECEIVE and self._arrived is not None else now
            self._phases[self.phase] = self._phases.get(self.phase, 0.0) + max(0.0, end - self._since)
        self.phase, self._since = phase, now

    def starve(self) -> None:
        """The exchange ends while it waits for a resource of the prober."""
        self.starved = True

    def awaits(self) -> None:
        """More is wanted of the server from here on."""
        self._arrived = None

    def has(self, *, arrived: float) -> None:
        """What was wanted has arrived, at that time of the monotonic clock."""
        self._arrived = arrived

    def rebook(self, phase: Phase) -> None:
        """Everything so far belongs to `phase`, but for the phases before it."""
        self.enter(None)
        later = [each for each in self._phases if _ORDER.index(each) > _ORDER.index(phase)]
        for each in later:
            self._phases[phase] = self._phases.get(phase, 0.0) + self._phases.pop(each)

    def saw(self, chunk: bytes) -> None:
        """Count what came back and keep its beginning."""
        self.bytes_received += len(chunk)
        if len(self.received) < EXCERPT and not self.confidential:
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
            sent=redact(_text(self.sent[:EXCERPT])),
            received=redact(_text(self.received)),
        )


def _text(data: bytes) -> str:
    """UTF-8 that may have been cut within a character: half of one would hide half a secret from redaction."""
    return data.decode("utf-8", "replace").rstrip("\N{REPLACEMENT CHARACTER}")


class ExchangeLog:
    """The exchanges of one run, in order."""

    def __init__(self, redact: Redactor):
        self.redact = redact
        self.finished: list[Exchange] = []
        self.last: ExchangeRecorder | None = None
        """The exchange that was open most recently: after a deadline it tells where the time went."""

    @contextmanager
    def exchange(self, step: str) -> Iterator[ExchangeRecorder]:
        """Record what happens inside as one exchange, however it ends."""
        recorder = self.last = ExchangeRecorder(step)
        try:
            yield recorder
        finally:
            stopped_in = recorder.phase
            self.finished.append(recorder.freeze(self.redact))
            recorder.phase = stopped_in

    def phases(self) -> dict[Phase, float]:
        """Seconds per phase, summed over all exchanges of the run."""
        total: dict[Phase, float] = {}
        for exchange in self.finished:
            for phase, seconds in exchange.phases.items():
                total[phase] = total.get(phase, 0.0) + seconds
        return total
