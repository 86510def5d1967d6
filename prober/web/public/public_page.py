"""What the operator chose of the page for others."""

from __future__ import annotations

from dataclasses import dataclass

from prober.config.model import Target


@dataclass(frozen=True, kw_only=True)
class PublicPage:
    """Where it is served, and what it shows."""

    host: str
    port: int
    """0 chooses a free port."""
    url: str | None = None
    """The URL under which others reach it, if it is not the address it listens on."""
    group_by: str | None = None
    """The label whose values are the headings; without it there are none."""
    only: tuple[str, str] | None = None
    """A label and its value: only targets that have it are shown."""

    def shows(self, target: Target) -> bool:
        """Whether a target is meant for others."""
        return self.only is None or target.labels.get(self.only[0]) == self.only[1]

    def heading(self, target: Target) -> str:
        """The group of a target; empty for one that has not the label."""
        return target.labels.get(self.group_by, "") if self.group_by is not None else ""
