"""When things are done: cron expressions, maintenance windows, request budgets."""

from __future__ import annotations

from typing import Final

from prober.config.cron import CRON_PATTERN, cron_complaint
from prober.config.forms import Duration, Form, JsonSchema, ListOf, Sheet
from prober.config.model import Budget, Window
from prober.config.place import Place
from prober.config.record import Key, record_of
from prober.config.units import RATE_PATTERN, parse_rate


class Cron(Form[str]):
    """Five fields as in crontab(5), in UTC."""

    def read(self, place: Place) -> str:
        text = place.text('a cron expression such as "*/5 * * * *"')
        if (complaint := cron_complaint(text)) is not None:
            raise place.refuse(complaint)
        return text

    def schema(self, sheet: Sheet) -> JsonSchema:
        return sheet.text(pattern=CRON_PATTERN)


class BudgetForm(Form[Budget]):
    """A number of requests within a unit of time."""

    def read(self, place: Place) -> Budget:
        rate = parse_rate(place.text("a budget such as 120/h"))
        if rate is None:
            raise place.refuse(f"expected a budget such as 2/s, 30/m, 120/h or 1000/d, found {place.shown}")
        requests, seconds = rate
        return Budget(requests=requests, seconds=seconds)

    def schema(self, sheet: Sheet) -> JsonSchema:
        return sheet.text(pattern=RATE_PATTERN)


_WINDOW: Final = record_of(
    Window,
    Key(name="cron", of=Window, form=Cron(), doc="When it opens: five fields, in UTC."),
    Key(name="duration", of=Window, form=Duration(), doc="How long it stays open."),
)
MAINTENANCE: Final = ListOf(item=_WINDOW, wanted="a list of windows")
"""An empty list is one: a probe says so that the windows of `defaults` are not its own."""
