"""What became of the notifications to the operator's receivers, by the Alertmanager's own log.

Of a failure the log may quote a URL with a key in it, so only what is in a closed list of words is taken from it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from prober.drill.own_routes import Destination

_ABOUT: Final = re.compile(
    r"\breceiver=(?P<receiver>\"(?:[^\"\\]|\\.)*\"|\S+) .*?\bintegration=(?P<integration>[\w]+\[\d+\])"
)
_SENT: Final = re.compile(r'msg="?Notify success')
_FAILED: Final = re.compile(r'msg="?Notify attempt failed')
_REFUSED: Final = re.compile(
    r'(?:err="|; )(?P<receiver>[^"]*?)/(?P<integration>\w+\[\d+\]): notify retry canceled due to unrecoverable error'
)
"""Not tried a second time: the service has refused it. There is no line of the attempt then."""
_WHY: Final = (
    (re.compile(r"status code:? (\d{3})"), "status {0}"),
    (re.compile(r"error response from Slack"), "an answer that is not Slack's ok"),
    (re.compile(r"connection refused"), "connection refused"),
    (re.compile(r"no such host|server misbehaving"), "no such host"),
    (re.compile(r"x509|certificate|tls: "), "TLS"),
    (re.compile(r"no such file or directory|permission denied"), "a file that it names cannot be read"),
    (re.compile(r"auth"), "authentication"),
    (re.compile(r"deadline exceeded|timeout|timed out"), "timeout"),
)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """An integration of a receiver after a drill."""

    destination: Destination
    sent: int
    failed: int
    """Attempts, of which each may have been followed by one that was successful."""
    why: str | None
    """Of the last attempt that failed."""

    @property
    def trouble(self) -> str | None:
        """What is wrong with it, in words; None if nothing was sent to it, or nothing was refused."""
        if not self.failed:
            return None
        return f"{self.destination}: {self.failed} failed ({self.why or 'for another reason'})"


def deliveries(destinations: Iterable[Destination], log: str) -> tuple[Delivery, ...]:
    """One for each destination, in their order. `log` is an Alertmanager's in logfmt, at the level debug."""
    sent: Counter[tuple[str, str]] = Counter()
    failed: Counter[tuple[str, str]] = Counter()
    why: dict[tuple[str, str], str | None] = {}
    for line in log.splitlines():
        for refused in _REFUSED.finditer(line):
            key = (refused["receiver"], refused["integration"])
            failed[key] += 1
            why[key] = _reason(line[refused.end() :])
        about = _ABOUT.search(line)
        if about is None:
            continue
        key = (about["receiver"].strip('"'), about["integration"])
        if _SENT.search(line):
            sent[key] += 1
        elif _FAILED.search(line):
            failed[key] += 1
            why[key] = _reason(line)
    keys = [(each, (each.receiver, each.integration)) for each in destinations]
    return tuple(Delivery(destination=each, sent=sent[key], failed=failed[key], why=why.get(key)) for each, key in keys)


def _reason(line: str) -> str | None:
    for pattern, words in _WHY:
        if match := pattern.search(line):
            return words.format(*match.groups())
    return None
