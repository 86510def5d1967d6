"""Cron expressions by crontab(5): five fields in UTC -> a trigger of APScheduler.

APScheduler reads them differently in three ways, which this module corrects: it counts weekdays from Monday; if day of
month and weekday are both restricted it requires both, where cron requires either; and it looks for a 30th of February
until the year 9999. Its own extensions (`last`, `1st mon`) are refused: operators know crontab(5).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from apscheduler.triggers.base import BaseTrigger  # type: ignore[import-untyped]

_NUMBER: Final = r"(?:[0-9]{1,2}|[A-Za-z]{3})"
_PART: Final = rf"(?:\*|{_NUMBER}(?:-{_NUMBER})?)(?:/[0-9]{{1,2}})?"
_FIELD: Final = rf"{_PART}(?:,{_PART})*"
CRON_PATTERN: Final = rf"^{_FIELD}(?: +{_FIELD}){{4}}$"
"""Also published in the JSON Schema: it means the same in ECMA-262."""

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST_DAY: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True)
class _Field:
    """One field: its name for people, its limits, and the names that stand for numbers from `first_name` on."""

    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()
    first_name: int = 0

    def values(self, text: str) -> frozenset[int]:
        """Every number that the field allows. Raises ValueError."""
        return frozenset(number for part in text.split(",") for number in self._range(part))

    def _range(self, part: str) -> range:
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if span == "*":
            low, high = self.least, self.most
        else:
            low = self._number(first)
            high = self._number(last, low) if last else (self.most if step else low)
        if low > high:
            raise ValueError(f"{self.name}: {span} runs backwards")
        if step and not 0 < int(step) <= self.most - self.least:
            raise ValueError(f"{self.name}: a step must be from 1 to {self.most - self.least}")
        return range(low, high + 1, int(step or 1))

    def _number(self, text: str, least: int | None = None) -> int:
        least = self.least if least is None else least
        if text.isdecimal():
            number = int(text)
        elif text.lower() in self.names:
            number = self.names.index(text.lower()) + self.first_name
            if number < least and number == 0:
                number = 7  # fri-sun
        else:
            raise ValueError(f"{self.name}: {text} is no name here")
        if not self.least <= number <= self.most:
            raise ValueError(f"{self.name}: must be from {self.least} to {self.most}")
        return number


_FIELDS: Final = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS, 1),
    _Field("weekday", 0, 7, _WEEKDAYS),
)


def cron_complaint(text: str) -> str | None:
    """The mistake in an expression, or None. It names the field and quotes at most a name or a range."""
    try:
        cron_trigger(text)
    except ValueError as error:
        return str(error)
    return None


@lru_cache(maxsize=1024)
def cron_trigger(text: str) -> BaseTrigger:
    """The trigger of an expression; one trigger for all callers, as a trigger keeps no state. Raises ValueError."""
    from apscheduler.triggers.combining import OrTrigger  # type: ignore[import-untyped]
    from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]

    if not re.search(re.sub(r"\$$", r"\\Z", CRON_PATTERN), text):
        raise ValueError("expected five fields: minute, hour, day of month, month, weekday")
    written = text.split()
    minutes, hours, days, months, weekdays = (field.values(part) for field, part in zip(_FIELDS, written, strict=True))
    any_day, any_weekday = written[2].startswith("*"), written[4].startswith("*")
    day = _listed(days)
    weekday = _listed({(number - 1) % 7 for number in weekdays})
    if any_day or any_weekday:
        if any_weekday and min(days) > max(_LONGEST_DAY[month - 1] for month in months):
            raise ValueError("day of month: no such day in these months")
        rules = [(day, weekday)]
    else:
        rules = [(day, "*"), ("*", weekday)]
    triggers = [
        CronTrigger.from_crontab(f"{_listed(minutes)} {_listed(hours)} {day} {_listed(months)} {weekday}", timezone=UTC)
        for day, weekday in rules
    ]
    return triggers[0] if len(triggers) == 1 else OrTrigger(triggers)


def _listed(numbers: frozenset[int] | set[int]) -> str:
    """Numbers in APScheduler's form, neighbours as ranges: it loops over the parts for every next time."""
    spans: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if spans and spans[-1][1] == number - 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    return ",".join(f"{first}" if first == last else f"{first}-{last}" for first, last in spans)
