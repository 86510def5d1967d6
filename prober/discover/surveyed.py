"""The values of a survey: what the server offers, which of its tools answered, and why the others have no probe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from prober.config.model import Source
from prober.contract.contract import Contract
from prober.outcome import ServerInfo


@dataclass(frozen=True, kw_only=True)
class Borrowed:
    """A call of a list tool that goes before, from whose answer arguments are taken."""

    tool: str
    arguments: Mapping[str, Any]
    source: Source
    capture: Mapping[str, str]
    """JSONPaths by the name under which the value is kept."""


@dataclass(frozen=True, kw_only=True)
class CalledTool:
    """A read-only tool that answered. `source` is the part of its answer that holds the value."""

    name: str
    arguments: Mapping[str, Any]
    source: Source
    schema: Mapping[str, Any]
    """The `outputSchema` of the tool, else a schema inferred from two answers."""
    borrowed: tuple[Borrowed, ...] = ()
    """Calls that have to go before; an argument `{name}` is then a captured value."""
    answer: Any = field(default=None, repr=False, compare=False)
    """The value of the answer, in which arguments of other tools are looked for. It is not written."""


class SkipReason(StrEnum):
    """Why a tool has no probe. The text is read behind the number of such tools."""

    WRITES = "not called, for they say that they write"
    NOT_READ_ONLY = "not called, for want of readOnlyHint: true"
    MISSING = "with arguments for you to choose"
    ERROR = "answered with an error"
    FAILED = "failed"
    UNWRITABLE = "with what no probe file can hold"


@dataclass(frozen=True, kw_only=True)
class SkippedTool:
    """A tool without a probe, and why."""

    name: str
    reason: SkipReason
    detail: str = ""
    """What exactly failed; the same for tools that failed alike."""
    arguments: Mapping[str, Any] | None = None
    """For a template: all required arguments, with a `MissingValue` for each missing one."""


@dataclass(frozen=True, kw_only=True)
class FailedList:
    """A list that the server announces and did not give."""

    section: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Survey:
    """The result of a survey, without any secret of the target."""

    server: ServerInfo
    tools: tuple[CalledTool | SkippedTool, ...]
    """In the order of the server."""
    listed: Mapping[str, tuple[str, ...]]
    """Names of tools and prompts, by section of the listing, without names that cannot be written to a file."""
    lists: tuple[str, ...]
    """The sections that the server gave."""
    failed_lists: tuple[FailedList, ...] = ()
    contract: Contract | None = None
    """None where the listing cannot be written to a file, for it holds a secret or no JSON."""
