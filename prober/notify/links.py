"""Where a message leads: to the status page, to the run that failed, and to the command line that runs it again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from prober.outcome import Outcome
from prober.report.formatting import rfc3339
from prober.report.repeating import run_line


def _no_page() -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class Links:
    """`page` gives the URL of the status page, without a slash at its end; None where nobody can reach it by one.

    `paths` are those of the configuration.
    """

    page: Callable[[], str | None] = _no_page
    paths: tuple[Path, ...] = ()

    def to_target(self, name: str) -> str | None:
        """The page of a target."""
        page = self.page()
        return f"{page}/targets/{quote(name, safe='')}" if page else None

    def to_run(self, outcome: Outcome) -> str | None:
        """The page of one run, which shows its exchange for as long as the prober keeps it."""
        page = self.page()
        run = rfc3339(outcome.started_at)
        return f"{page}/runs/{run}/{quote(outcome.probe, safe='')}" if page else None

    def run_line(self, probe: str) -> str:
        """What runs the probe again."""
        return run_line(self.paths, probe)
