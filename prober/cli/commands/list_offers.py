"""`list`: shows what a server offers. It calls no tool and reads no resource."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Any, Final

from prober.cli import failures
from prober.cli.exit_codes import FAILED, PASSED, UNKNOWN
from prober.cli.server_choice import Chosen
from prober.client.target_cache import cache_of
from prober.contract.contract import Contract
from prober.discover.survey import FirstLook, first_look
from prober.outcome import Failure, Verdict
from prober.redaction import Redactor
from prober.report.answer import masked
from prober.report.json_report import server_fields
from prober.report.listing import headline, section_lines
from prober.report.tty import columns, is_terminal, writable
from prober.report.untrusted import line

_IDENTITY: Final = {"tools": "name", "prompts": "name", "resources": "uri", "templates": "uriTemplate"}


def list_offers(server: Chosen, sections: Sequence[str], *, output: str) -> int:
    """Print the lists; returns the exit code."""
    redact = cache_of(server.target).redact
    try:
        look = asyncio.run(first_look(server.target, timeout=server.seconds))
    except Failure as failure:
        return tell_failure(server.target.address, failure)
    text = _document(look, sections, redact) if output == "json" else _table(look, sections, redact)
    sys.stdout.write(writable(text, sys.stdout) + "\n")
    return FAILED if any(each.section in sections for each in look.failed_lists) else PASSED


def tell_failure(address: str, failure: Failure) -> int:
    """Why the server could not be looked at, on standard error; returns the exit code."""
    failures.show(failure, of=address)
    return FAILED if failure.reason.verdict is Verdict.FAIL else UNKNOWN


def _table(look: FirstLook, sections: Sequence[str], redact: Redactor) -> str:
    width = columns(sys.stdout) if is_terminal(sys.stdout) else None
    contract = Contract(**{section: masked(getattr(look.contract, section), redact) for section in sections})
    lines = [headline(look.server)]
    failed = {each.section: each.message for each in look.failed_lists}
    for section in sections:
        shown = section_lines(section, contract, width=width)
        lines += ["", *([line(redact(f"{section}: {failed[section]}"))] if section in failed else shown)]
    if contract.tools:
        lines += ["", "* required"]
    return "\n".join(lines)


def _document(look: FirstLook, sections: Sequence[str], redact: Redactor) -> str:
    failed = {each.section for each in look.failed_lists}
    lists: dict[str, Any] = {
        section: None
        if section in failed
        else [
            {_IDENTITY[section]: name, **masked(item, redact)}
            for name, item in masked(getattr(look.contract, section), redact).items()
        ]
        for section in sections
    }
    return json.dumps({**server_fields(look.server), **lists}, indent=2, allow_nan=False)
