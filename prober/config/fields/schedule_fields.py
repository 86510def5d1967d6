"""Cron expressions, maintenance windows, request budgets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from prober.config.document.cursor import Cursor
from prober.config.fields.cron import CRON_PATTERN, cron_complaint
from prober.config.fields.field_types import FieldType, JsonSchema, ListOf, SchemaBuilder
from prober.config.fields.mapping_schema import key, mapping_of, settings
from prober.config.fields.unit_fields import Duration
from prober.config.fields.units import RATE_PATTERN, parse_rate


class Cron(FieldType[str]):
    """Five fields as in crontab(5), in UTC."""

    def words(self) -> str:
        return 'a cron expression such as "*/5 * * * *"'

    def read(self, cursor: Cursor) -> str:
        text = cursor.text(self.words())
        if (complaint := cron_complaint(text)) is not None:
            raise cursor.error(complaint)
        return text

    def schema(self, builder: SchemaBuilder) -> JsonSchema:
        return builder.text(pattern=CRON_PATTERN)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """At most `requests` to a target within any `seconds`."""

    requests: int
    seconds: float


class RateField(FieldType[Budget]):
    """A number of requests within a unit of time."""

    def words(self) -> str:
        return "a budget such as 120/h"

    def read(self, cursor: Cursor) -> Budget:
        rate = parse_rate(cursor.text(self.words()))
        if rate is None:
            raise cursor.error(f"expected a budget such as 2/s, 30/m, 120/h or 1000/d, found {cursor.shown}")
        requests, seconds = rate
        return Budget(requests=requests, seconds=seconds)

    def schema(self, builder: SchemaBuilder) -> JsonSchema:
        return builder.text(pattern=RATE_PATTERN)


@settings
class Window:
    """A maintenance window: opens at each time of the cron expression, stays open for `duration` seconds."""

    cron: str = key(Cron(), "When it opens: five fields, in UTC.")
    duration: float = key(Duration(), "How long it stays open.")


MAINTENANCE: Final = ListOf(item=mapping_of(Window), wanted="a list of windows")
"""An empty list is valid: a probe writes it to override the windows of `defaults`."""
