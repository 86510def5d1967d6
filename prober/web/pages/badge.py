"""Draws a badge: a name with a verdict or an uptime, as a small SVG for a README or a wiki.

The widths of characters are roughly those of Verdana; `textLength` makes the browser fit the text into them, whichever
font it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal
from xml.sax.saxutils import escape, quoteattr

from prober.json_values import cap
from prober.outcome import Verdict
from prober.report.untrusted import line

_WIDTHS: Final = {
    0.28: "il'",
    0.36: " fj.,",
    0.42: "t!Ir",
    0.46: '()[]/\\-:;J|"',
    0.53: "csz?",
    0.58: "FL",
    0.60: "aeokvxyP",
    0.63: "bdghnpqu0123456789$*_`{}ETY",
    0.69: "ABCKRSVXZ",
    0.76: "DGHNU&",
    0.79: "OQ",
    0.82: "w#<>=+~^…",
    0.85: "M",
    0.98: "mW@",
    1.08: "%",
}
"""As a share of the font size."""
_CHARACTER_WIDTHS: Final = {character: width for width, characters in _WIDTHS.items() for character in characters}
_DEFAULT_WIDTH: Final = 0.8
_SIZE: Final = 11
_PADDING: Final = 6
_HEIGHT: Final = 20
_MAX_TEXT: Final = 60

Tone = Verdict | Literal["warning"]
# White text on each colour has a contrast of at least 4.5 to 1.
_COLOUR: Final[Mapping[Tone, str]] = {
    Verdict.PASS: "#1a7f4b",
    Verdict.FAIL: "#c2303a",
    Verdict.UNKNOWN: "#65707f",
    "warning": "#8a5a00",
}
_LABEL_COLOUR: Final = "#3d4653"


def badge(label: str, message: str, tone: Tone) -> str:
    """The SVG. `label` and `message` may be untrusted text."""
    label, message = _short(label), _short(message)
    left, right = _text_width(label) + 2 * _PADDING, _text_width(message) + 2 * _PADDING
    whole = left + right
    title = f"{label}: {message}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="{_HEIGHT}" role="img" '
        f"aria-label={quoteattr(title)}><title>{escape(title)}</title>"
        f'<clipPath id="r"><rect width="{whole}" height="{_HEIGHT}" rx="4"/></clipPath>'
        f'<g clip-path="url(#r)"><path fill="{_LABEL_COLOUR}" d="M0 0h{left}v{_HEIGHT}H0z"/>'
        f'<path fill="{_COLOUR[tone]}" d="M{left} 0h{right}v{_HEIGHT}H{left}z"/></g>'
        '<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">'
        f"{_text(label, left / 2, left)}{_text(message, left + right / 2, right)}</g></svg>\n"
    )


def _short(text: str) -> str:
    return cap(line(text[: _MAX_TEXT * 4]), _MAX_TEXT)


def _text_width(text: str) -> int:
    return round(_SIZE * sum(_CHARACTER_WIDTHS.get(character, _DEFAULT_WIDTH) for character in text))


def _text(text: str, middle: float, room: int) -> str:
    fit = room - 2 * _PADDING
    return f'<text x="{middle:g}" y="14" textLength="{fit}" lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
