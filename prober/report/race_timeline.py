"""Draws the witnesses of violations as one HTML file: a lane per client, time from left to right.

The operations of the witness have labels and colours; other operations of that time are grey, with a tooltip. The page
fetches nothing and runs no script: it is SVG and a style sheet.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Final

from prober.consistency.trace import Operation, Result, Trace
from prober.consistency.verdict import Judged, Violation
from prober.consistency.wording import line, show
from prober.report import untrusted

_WIDTH: Final = 1100
_LEFT: Final = 90
_LANE: Final = 54
_BAR: Final = 20
_TOP: Final = 26
_MARGIN: Final = 0.08
"""Share of the time of the witness that is added on either side."""
_MAX_AROUND: Final = 600
"""Other operations drawn around one witness: few enough for a browser."""
_TICKS: Final = 6

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1c2330; --paper: #fff; --soft: #c9d0da; --line: #e3e7ed;
  --ok: #2563c9; --fail: #8a6100; --unknown: #7c3aad; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecf2; --paper: #14181f; --soft: #465062; --line: #2a313d;
  --ok: #6fa3ff; --fail: #e0b040; --unknown: #c79bf0; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto;
  max-width: 1140px; padding: 0 1rem; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.05rem; margin: 2rem 0 .3rem; }
pre { overflow-x: auto; font-size: .85rem; }
svg { width: 100%; height: auto; display: block; }
text { font: 12px system-ui, sans-serif; fill: var(--ink); }
.grid { stroke: var(--line); } .around { fill: var(--soft); }
.ok { fill: var(--ok); } .fail { fill: var(--fail); } .unknown { fill: var(--unknown); }
"""


def timeline_of(trace: Trace, verdict: Judged) -> str:
    """The page. Every text of the trace passes `_shown`."""
    about = _shown(trace.about or "trace")
    body = [f"<h1>{about}: {_shown(trace.model)}, {len(trace.operations)} operations</h1>"]
    if trace.seed is not None:
        body.append(f"<p>seed {trace.seed}</p>")
    for violation in verdict.violations:
        body += _section(trace, violation)
    if not verdict.violations:
        body.append(f"<p>{_shown(verdict.undecided or 'valid: some order of effects explains every answer')}</p>")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{about}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n" + "\n".join(body) + "\n</body>\n</html>\n"
    )


def _section(trace: Trace, violation: Violation) -> Iterator[str]:
    cases = f" ({violation.occurrences} cases, one of them here)" if violation.occurrences > 1 else ""
    yield f"<h2>{violation.reason}{cases}</h2>"
    yield f"<p>{_shown(violation.sentence)}</p>"
    yield from _drawing(trace, violation)
    witness = sorted(violation.witness, key=lambda each: each.invoked)
    lines = "\n".join(_shown(line(each)) for each in witness)
    yield f"<pre>{lines}</pre>"


def _shown(text: str) -> str:
    """A text of the trace: it may come from a server."""
    return html.escape(untrusted.line(text))


class _Scale:
    """Maps seconds to x coordinates."""

    def __init__(self, violation: Violation):
        first = min(each.invoked for each in violation.witness)
        last = max(each.returned for each in violation.witness)
        margin = max((last - first) * _MARGIN, 1e-6)
        self.begin, self.end = max(first - margin, 0.0), last + margin

    def x(self, seconds: float) -> float:
        share = (seconds - self.begin) / (self.end - self.begin)
        return _LEFT + min(max(share, 0.0), 1.0) * (_WIDTH - _LEFT)

    def shows(self, operation: Operation) -> bool:
        return operation.returned >= self.begin and operation.invoked <= self.end


def _drawing(trace: Trace, violation: Violation) -> Iterator[str]:
    scale = _Scale(violation)
    in_witness = {each.id for each in violation.witness}
    around = [each for each in trace.operations if scale.shows(each) and each.id not in in_witness][:_MAX_AROUND]
    lanes = {
        client: index for index, client in enumerate(sorted({each.client for each in (*around, *violation.witness)}))
    }
    height = _TOP + _LANE * len(lanes) + 6
    yield f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{_shown(violation.sentence)}">'
    yield from _ticks(scale, height)
    for client, lane in lanes.items():
        top = _TOP + lane * _LANE
        yield f'<line class="grid" x1="0" x2="{_WIDTH}" y1="{top}" y2="{top}"/>'
        yield f'<text x="4" y="{top + 22}">client {client}</text>'
    for operation in around:
        yield _bar(operation, scale, _TOP + lanes[operation.client] * _LANE, css="around")
    for operation in sorted(violation.witness, key=lambda each: each.invoked):
        top = _TOP + lanes[operation.client] * _LANE
        yield _bar(operation, scale, top, css=operation.result.value)
        yield _label(operation, scale, top)
    yield "</svg>"


def _ticks(scale: _Scale, height: int) -> Iterator[str]:
    for number in range(_TICKS + 1):
        seconds = scale.begin + (scale.end - scale.begin) * number / _TICKS
        x = scale.x(seconds)
        anchor = "end" if number == _TICKS else "middle" if number else "start"
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="18" y2="{height}"/>'
        yield f'<text x="{x:.1f}" y="12" text-anchor="{anchor}">{seconds * 1000:.1f} ms</text>'


def _bar(operation: Operation, scale: _Scale, top: int, *, css: str) -> str:
    left, right = scale.x(operation.invoked), scale.x(operation.returned)
    return (
        f'<rect class="{css}" x="{left:.1f}" y="{top + 8}" width="{max(right - left, 2):.1f}" height="{_BAR}" rx="3">'
        f"<title>{_shown(line(operation))}</title></rect>"
    )


def _label(operation: Operation, scale: _Scale, top: int) -> str:
    words = []
    if operation.element is not None:
        words.append(show(operation.element))
    if operation.given is not None:
        words.append(f"given {operation.given}")
    if operation.result is not Result.OK:
        words.append("turned down" if operation.result is Result.FAIL else "no answer")
    elif operation.kind == "read" or operation.value is not None:
        words.append(f"→ {show(operation.value)}")
    if operation.version is not None:
        words.append(f"version {operation.version}")
    text = _shown(f"{operation.kind} #{operation.id} {' '.join(words)}")
    left = scale.x(operation.invoked)
    in_second_half = left > (_LEFT + _WIDTH) / 2
    x, anchor = (scale.x(operation.returned), "end") if in_second_half else (left, "start")
    return f'<text x="{x:.1f}" y="{top + _BAR + 22}" text-anchor="{anchor}">{text}</text>'
