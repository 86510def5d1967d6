"""Reads the lists of a server, one after the other; a list that fails does not spoil the others."""

from __future__ import annotations

from collections import deque
from typing import Any

from prober.client.session import Session
from prober.contract.contract import Contract, contract_of
from prober.deadline import Deadline
from prober.discover.surveyed import FailedList
from prober.kinds.catalog.listing import LISTS, read_list
from prober.kinds.context import ProbeContext, session_is_usable
from prober.outcome import Failure

Sections = dict[str, list[dict[str, Any]]]


async def read_lists(context: ProbeContext, *, timeout: float) -> tuple[Contract, tuple[FailedList, ...]]:
    """All that the server lists, and the lists that it announces and does not give. Each list has `timeout` seconds.

    Raises Failure where the server cannot be reached, or gives no list at all of those that it announces.
    """
    sections: Sections = {}
    failures: dict[str, Failure] = {}
    waiting = deque(LISTS)
    while waiting:
        reached = False
        try:
            async with context.within(Deadline.after(timeout)) as clock, context.session(explicit=True) as session:
                reached = True
                while waiting:
                    clock.reschedule(Deadline.after(timeout))
                    await _read(session, waiting[0], sections, failures)
                    waiting.popleft()
        except Failure as failure:
            if not reached and not sections:
                raise context.masked(failures.get("tools", failure)) from None
            if waiting:
                failures[waiting.popleft()] = failure
    if failures and not sections:
        raise context.masked(next(iter(failures.values())))
    failed = (FailedList(section=name, message=_told(context, failure)) for name, failure in failures.items())
    return contract_of(**sections), tuple(failed)


async def _read(session: Session, section: str, sections: Sections, failures: dict[str, Failure]) -> None:
    """Read one list. Raises Failure where the session is broken."""
    try:
        items = await read_list(session, section)
    except Failure as failure:
        if not session_is_usable(failure):
            raise
        failures[section] = failure
    else:
        if items is not None:
            sections[section] = items


def _told(context: ProbeContext, failure: Failure) -> str:
    return f"{failure.reason}: {context.masked(failure).message}"
