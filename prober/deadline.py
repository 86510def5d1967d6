"""The end of a run: one moment, passed down to whatever spends time."""

from __future__ import annotations

import asyncio
from typing import Self


class Deadline(float):
    """A time of the event loop's clock, as `asyncio.timeout_at` takes it. Ask in a running loop."""

    @classmethod
    def after(cls, seconds: float) -> Self:
        """The moment so many seconds from now."""
        return cls(asyncio.get_running_loop().time() + seconds)

    def left(self) -> float:
        """Seconds until the deadline; 0 once it has passed."""
        return max(0.0, self - asyncio.get_running_loop().time())

    def share(self, share: float) -> Self:
        """The moment at which this share of the time that is left will be used up."""
        return type(self).after(self.left() * share)

    def earlier(self, seconds: float) -> Self:
        """The moment so many seconds before the deadline."""
        return type(self)(self - seconds)
