"""What colours, numbers and words mean, the same on every dashboard.

A reason has the colour of its family, in one of its shades, wherever it is drawn. States have colours that no family
has: green is well, blue is planned, grey is "could not tell". Red is only what a user feels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from prober.outcome import Family, Symptom

Json = dict[str, Any]

GOOD: Final = "#56A64B"
PLANNED: Final = "#5794F2"
UNSURE: Final = "#8E8E8E"
CAUTION: Final = "#E0B400"
PARTLY: Final = "#FF780A"
BAD: Final = "#E02F44"
PLAIN: Final = "#7EB6D9"
"""What is neither good nor bad: counts, sizes, times without a limit."""

SHADES: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "transport": ("#E02F44", "#FF7383", "#D4213A", "#F2495C"),
    "http": ("#FF780A", "#FFB357", "#E0580A", "#FF9830"),
    "protocol": ("#A352CC", "#CA95E5", "#9B4DCA", "#B877D9"),
    "tool": ("#F2CC0C", "#FFEE52", "#CC9D00", "#FADE2A"),
    "verdict": ("#E55CB5", "#F7B8DF", "#B82E88", "#F28CCB"),
    "race": ("#2AB8C6", "#9BE6EC", "#16818C", "#5FD3DD"),
    "deadline": ("#A77044", "#A77044", "#A77044", "#A77044"),
    "prober": ("#8E8E8E", "#B4B4B4", "#6E6E6E", "#A0A0A0"),
}
"""Four shades per family of reasons: more cannot be told apart. Neighbours in the tree get different ones."""

FAMILIES: Final = {family.value: tuple(map(str, family.reasons)) for family in Family}
"""The tree of reasons. The last family is no failure: the prober could not tell."""

NOTHING: Final = "nothing fails"
"""The name of the line that a chart of failures has while there is none."""


def one_of(words: Iterable[str]) -> str:
    """A regular expression for exactly these."""
    return "|".join(words)


def by_shade() -> list[tuple[str, tuple[str, ...]]]:
    """Each shade with the reasons that have it."""
    shades: dict[str, list[str]] = {}
    for family, reasons in FAMILIES.items():
        for number, reason in enumerate(reasons):
            shades.setdefault(SHADES[family][number % 4], []).append(reason)
    return [(shade, tuple(reasons)) for shade, reasons in shades.items()]


def fixed(color: str) -> Json:
    """The property that gives a field one colour."""
    return {"id": "color", "value": {"mode": "fixed", "fixedColor": color}}


def colored(names: Mapping[str, str]) -> list[Json]:
    """Overrides that give fields of these names their colours."""
    return [
        {"matcher": {"id": "byName", "options": name}, "properties": [fixed(color)]} for name, color in names.items()
    ]


def symptoms_colored() -> list[Json]:
    """Overrides that give every symptom its colour."""
    return [*colored(SYMPTOMS), _CALM]


def reasons_colored() -> list[Json]:
    """Overrides that give every reason its colour."""
    shades = [
        {"matcher": {"id": "byRegexp", "options": f"/^({one_of(reasons)})$/"}, "properties": [fixed(shade)]}
        for shade, reasons in by_shade()
    ]
    return [*shades, _CALM]


_CALM: Final[Json] = {
    "matcher": {"id": "byName", "options": NOTHING},
    "properties": [
        fixed(GOOD),
        {"id": "custom.drawStyle", "value": "line"},
        {"id": "custom.lineWidth", "value": 2},
    ],
}


SYMPTOMS: Final = {
    Symptom.NO_ANSWER.value: BAD,
    Symptom.REJECTED.value: PARTLY,
    Symptom.WRONG_ANSWER.value: "#F2CC0C",
    Symptom.TOO_SLOW.value: "#A77044",
    Symptom.CONTRACT_BROKEN.value: "#E55CB5",
    Symptom.RACE_VIOLATION.value: "#2AB8C6",
    Symptom.UNKNOWN.value: UNSURE,
}
"""What a caller feels, the colour of the family that most of its reasons have."""
RESULTS: Final = {"pass": GOOD, **SYMPTOMS}
SEVERITIES: Final = {"breaking": BAD, "additive": PLANNED, "cosmetic": UNSURE}
QUANTILES: Final = {"p50": "#73BF69", "p95": "#F2CC0C", "p99": "#FF780A"}
PHASES: Final = {
    "spawn": "#5F6B7A",
    "dns": "#8AB8FF",
    "connect": "#3274D9",
    "tls": "#6C6FE0",
    "send": "#96D98D",
    "wait": "#FADE2A",
    "receive": "#37872D",
}
"""In the order in which they happen."""


def _in_words(symptom: str) -> str:
    return "could not tell" if symptom == Symptom.UNKNOWN else symptom.replace("_", " ")


def values(meanings: Mapping[int, tuple[str, str]]) -> list[Json]:
    """The mapping that turns numbers into a word in a colour."""
    options = {
        str(number): {"index": index, "text": text, "color": color}
        for index, (number, (text, color)) in enumerate(meanings.items())
    }
    return [{"type": "value", "options": options}]


def between(low: float | None, high: float | None, text: str, color: str, index: int) -> Json:
    """A mapping that turns a range of numbers, its ends included, into a word in a colour."""
    return {
        "type": "range",
        "options": {"from": low, "to": high, "result": {"index": index, "text": text, "color": color}},
    }


STALE_SCALE: Final = 0.2
STALE_BASE: Final = 2.1
STANDING: Final = [
    *values({4: ("down", BAD), 2: ("could not tell", UNSURE), 1: ("maintenance", PLANNED), 0: ("well", GOOD)}),
    between(3, 3.9999, "partly failing", PARTLY, 4),
    between(2.8995, 2.95, "stale: down", UNSURE, 5),
    between(2.69, 2.8994, "stale: partly failing", UNSURE, 6),
    between(2.45, 2.55, "stale: could not tell", UNSURE, 7),
    between(2.25, 2.35, "stale: maintenance", UNSURE, 8),
    between(2.05, 2.15, "stale: well", UNSURE, 9),
]
"""How a target stands, as it is recorded, worst highest: 3 and the share of its probes that fail, 4 if all do; below,
that none fails. Where its prober is gone, how it stood: the same numbers, by STALE_SCALE and STALE_BASE put between 2
and 3."""

COURSE: Final = values(
    {
        4: ("down", BAD),
        3: ("partly failing", PARTLY),
        2: ("could not tell", UNSURE),
        1: ("maintenance", PLANNED),
        0: ("well", GOOD),
    }
)
"""How a target stood, with no share."""

RESULT: Final = [
    *values({3: ("fails", BAD), 2: ("could not tell", UNSURE), 1: ("maintenance", PLANNED), 0: ("passes", GOOD)}),
    between(2.65, 2.75, "stale: fails", UNSURE, 4),
    between(2.45, 2.55, "stale: could not tell", UNSURE, 5),
    between(2.25, 2.35, "stale: maintenance", UNSURE, 6),
    between(2.05, 2.15, "stale: passes", UNSURE, 7),
]
"""How a probe's last run ended, worst highest; stale as in STANDING."""

NONE: Final = "-"
"""Stands in a table where there is no reason."""


def no_data(text: str) -> Json:
    """The mapping that says so in grey where there is no number: without it that has the colour of the lowest one."""
    return {
        "type": "special",
        "options": {"match": "null+nan", "result": {"index": 99, "text": text or "no data", "color": UNSURE}},
    }


SPENT: Final = [between(None, 0, "spent", BAD, 0)]
"""An error budget that is overdrawn: by how much is another question."""

REASON_WORDS: Final[list[Json]] = [
    {"type": "regex", "options": {"pattern": f"^({one_of(reasons)})$", "result": {"index": index, "color": shade}}}
    for index, (shade, reasons) in enumerate(by_shade())
]
"""The mapping that gives the word of a reason its colour."""

SYMPTOM_CODES: Final = {symptom: 1 + len(SYMPTOMS) - index for index, symptom in enumerate(SYMPTOMS)}
"""Numbers for a timeline: no answer is the highest, 1 is maintenance, 0 a pass."""

HISTORY: Final = values(
    {
        **{code: (_in_words(symptom), SYMPTOMS[symptom]) for symptom, code in SYMPTOM_CODES.items()},
        1: ("maintenance", PLANNED),
        0: ("pass", GOOD),
    }
)

PLANNED_OR_NOT: Final = values({1: ("now", PLANNED), 0: (NONE, "text")})
YES_IS_GOOD: Final = values({1: ("yes", GOOD), 0: ("no", BAD)})
YES_IS_BAD: Final = values({1: ("yes", BAD), 0: ("no", GOOD)})
RULES: Final = values({1: ("loaded", GOOD), 0: ("missing", BAD)})
UP: Final = [*values({1: ("up", GOOD), 0: ("down", BAD)}), between(0.0001, 0.9999, "some down", PARTLY, 2)]


def steps(first: str, *rest: tuple[float, str]) -> list[Json]:
    """Thresholds: the colour from below, then each colour from its number on."""
    return [{"color": first, "value": None}, *({"color": color, "value": number} for number, color in rest)]


ANY_IS_BAD: Final = steps(GOOD, (1, BAD))
ANY_IS_UNSURE: Final = steps(GOOD, (1, UNSURE))
NEUTRAL: Final = steps(PLAIN)
BUDGET_SPENT: Final = steps(GOOD, (0.5, CAUTION), (0.75, PARTLY), (1, BAD))
BUDGET_LEFT: Final = steps(BAD, (0.0001, PARTLY), (0.25, CAUTION), (0.5, GOOD))
AVAILABILITY: Final = steps(BAD, (0.9, PARTLY), (0.99, CAUTION), (0.995, GOOD))
BURN: Final = steps(GOOD, (1, CAUTION), (6, PARTLY), (14.4, BAD))
"""Burn rates at which the alerts ask for attention: a budget of 30 days gone in 30, 5 and 2 days."""
DAYS_LEFT: Final = steps(BAD, (3 * 86400, CAUTION), (14 * 86400, GOOD))
LATENESS: Final = steps(GOOD, (0.1, CAUTION), (0.25, PARTLY), (1, BAD))
"""Seconds by which the prober is late; from a quarter on its own latencies are in doubt."""
CONFLICTS: Final = steps(GOOD, (0.01, CAUTION), (0.05, BAD))


def sentence(text: str, *more: str) -> str:
    """A description of several lines of source as one paragraph."""
    return " ".join((text, *more))
