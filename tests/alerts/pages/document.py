"""pages.md: the table, and how it was measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from tests.alerts.pages.pages import Heard
from tests.alerts.pages.parts import ROUND, SPEED
from tests.alerts.pages.probes import INTERVAL, RACE_INTERVAL
from tests.alerts.pages.troubles import HOLD

FILE: Final = Path(__file__).parents[1] / "pages.md"

_HEAD: Final = f"""\
# One page for each trouble

Written by `python -m tests.alerts.pages` (`make pages`), which takes about sixteen minutes.

Real daemons, two Prometheus servers and an Alertmanager with the rules, routes and inhibitions of `alerts/`, and real
reference servers; only the fronts that refuse, hang or answer 401, 502 and 503 are fakes. All troubles run side by
side. Every duration of rules, routes and Prometheus is divided by {SPEED:g}, and each figure multiplied by it again:
seconds are those of the shipped rules, give or take one interval. A probe runs every {INTERVAL * SPEED:g} s, a race
every {RACE_INTERVAL * SPEED:g} s. Before the troubles everything is well for 70 minutes, so that burn rates have their
hour; each lasts {HOLD / 60:g} minutes, and what comes in the 40 minutes after it counts as well.

- page, chat: incidents, that is how often a group of alerts began to fire; in brackets the notifications, where a
  group that grew sent more of them.
- over: from the end of the trouble to the end of its last alert, which begins with the next run of the probe; in
  brackets the evaluation rounds of {ROUND:g} s from the scrape that shows it. One of them is `keep_firing_for`.
- notified: from the end to the last notification of it, which `group_interval` holds back for up to five minutes.
- A violation of a race stays for an hour, for no right answer disproves it.
"""


def write(rows: Iterable[Heard], strays: Sequence[str], *, machine: str) -> None:
    """The document."""
    lines = [
        _HEAD,
        f"Measured on {machine}.\n",
        "| trouble | alert | s to it | page | chat | over, s (rounds) | notified, s | text |",
        "|---|---|---:|---|---|---|---:|---|",
        *(_row(each) for each in rows),
        "",
        f"Alerts that belong to none of these troubles: {'; '.join(strays) or 'none'}.",
        "",
    ]
    FILE.write_text("\n".join(lines), encoding="utf-8")


def _row(row: Heard) -> str:
    trouble = row.played.trouble
    names = sorted({name for several in row.alerts.values() for name in several})
    over = "stays" if trouble.for_an_hour and row.over_seconds is None else "not over"
    if row.over_seconds is not None:
        over = f"{row.over_seconds:.0f} ({row.rounds:.1f})"
    cells = [
        trouble.name,
        ", ".join(names) or "none",
        _whole(row.first_seconds),
        _count(row, "page"),
        _count(row, "chat"),
        over,
        _whole(row.notified_seconds),
        row.text + "".join(f" **{wrong}**" for wrong in row.wrong),
    ]
    return f"| {' | '.join(cells)} |"


def _count(row: Heard, receiver: str) -> str:
    incidents, messages = row.incidents.get(receiver, 0), row.messages.get(receiver, 0)
    return f"{incidents} ({messages})" if messages > incidents else str(incidents)


def _whole(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"
