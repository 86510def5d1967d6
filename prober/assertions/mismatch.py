"""What a judged value got wrong."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Mismatch:
    """The most telling way in which a value is not what was asked for.

    `pointer` is a JSON Pointer (RFC 6901) into the judged value, "" for the whole of it. `keyword` is the JSON Schema
    keyword or the expectation's key. `seen` and `expected` are capped renderings, `message` is a sentence of all four.
    """

    pointer: str
    keyword: str
    seen: str
    expected: str

    @property
    def message(self) -> str:
        """For a person: `/completedSteps: type: expected array, seen null`."""
        return f"{self.pointer or '(root)'}: {self.keyword}: expected {self.expected}, seen {self.seen}"
