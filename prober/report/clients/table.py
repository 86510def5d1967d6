"""The findings of `lint` for a person: a row per client, then each rule that is broken, with its places and its source.

Every text of a server is made safe to show.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from prober.lint.linting import Finding, Linted
from prober.lint.rules import SEVERITIES, Rules
from prober.lint.weight import LONG
from prober.report.clients import LintedServer
from prober.report.listing import headline
from prober.report.untrusted import line

_MARKS: Final = {"error": "✗", "warning": "!"}
_TOOLS: Final = 6
"""How many tools are named for one rule."""
_INDENT: Final = "  "


def lines(server: LintedServer, rules: Rules, *, width: int, named: bool) -> Iterator[str]:
    """All about one server. `named` is whether its clients were chosen by name."""
    linted = server.linted
    yield headline(server.server) if server.server.era else line(server.address)
    yield from _wrapped(_weight(linted), width)
    yield ""
    yield from _matrix(linted)
    if not named:
        yield from _left_out(rules, server.transport, width)
    for alike in _by_rule(linted.findings):
        yield ""
        yield from _rule(alike, width)
    if linted.unread:
        yield ""
        names = ", ".join(map(line, linted.unread))
        yield from _wrapped(f"too large or no Unicode, so that nothing more is said of them: {names}", width)
    yield ""
    counts = [_counted(linted.count(severity), severity) for severity in SEVERITIES]
    yield f"{', '.join(counts)}; rules of {linted.version}"


def _weight(linted: Linted) -> str:
    weight = linted.weight
    said = f"{_counted(linted.tools, 'tool')}, {weight.bytes:,} bytes, about {weight.tokens:,} tokens (bytes / 4)"
    if linted.tools > 1:
        said += "; heaviest: " + ", ".join(f"{line(name)} {size:,}" for name, size in weight.heaviest[:3])
    if weight.long_descriptions:
        long = ", ".join(f"{line(name)} {size:,}" for name, size in weight.long_descriptions[:3])
        said += f"; descriptions over {LONG:,} bytes: {len(weight.long_descriptions)} ({long})"
    return said


def _matrix(linted: Linted) -> Iterator[str]:
    names = max(len(client.title) for client in linted.clients)
    yield f"{'client':{names}}  can use all tools  errors  warnings"
    for client in linted.clients:
        usable = "✓ yes" if linted.usable_by(client) else "✗ no" if linted.tools else "- there is none"
        errors, warnings = (len(linted.of(client, severity)) for severity in SEVERITIES)
        yield f"{client.title:{names}}  {usable:17}  {errors:6}  {warnings:8}"


def _left_out(rules: Rules, transport: str | None, width: int) -> Iterator[str]:
    for rule in rules.unreaching(transport).values():
        yield from _wrapped(f"not looked at: {rule.what} {rule.source}", width)
    modes = [client.id for client in rules.clients.values() if client.opt_in]
    yield from _wrapped(f"only where they are named, by --client: {', '.join(modes)}", width)


def _by_rule(findings: Sequence[Finding]) -> Iterator[list[Finding]]:
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.rule.id, []).append(finding)
    yield from groups.values()


def _rule(alike: Sequence[Finding], width: int) -> Iterator[str]:
    rule = alike[0].rule
    yield f"{_MARKS[rule.severity]} {rule.client.title}: {rule.id}"
    yield from _wrapped(rule.what, width, _INDENT)
    for finding in alike[:_TOOLS]:
        more = f" and {_counted(finding.count - 1, 'more place')}" if finding.count > 1 else ""
        said = f"at {line(finding.pointers[0])}{more}: {line(finding.seen)}, expected {line(finding.expected)}"
        yield from _wrapped(said, width, _INDENT)
    if len(alike) > _TOOLS:
        yield f"{_INDENT}and {_counted(len(alike) - _TOOLS, 'more tool')}"
    yield from _wrapped(f"as of {rule.as_of}: {rule.source}", width, _INDENT)


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """Lines of at most `width` columns; a word that is longer, such as an address, stays whole."""
    return textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent + _INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
