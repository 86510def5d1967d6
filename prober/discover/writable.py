"""Whether values of the server may be written to a file: JSON in UTF-8, in bounds, without a secret of the target."""

from __future__ import annotations

import json
from typing import Any, Final

from prober.contract.contract import Contract, dump_contract
from prober.discover.yaml_emit import can_be_key
from prober.redaction import Redactor

MAX_DEPTH: Final = 50
"""Nesting of a value of the server that is written to a file: the configuration allows a few levels more."""

MAX_TEXT: Final = 100_000
"""Characters of JSON that are written to a file for one tool."""

MAX_CONTRACT: Final = 4_000_000
"""Characters of a contract, at most two bytes each of the 8 MiB that the configuration reads."""


def is_writable_name(name: str, redact: Redactor) -> bool:
    return name != "" and is_writable(name, redact=redact)


def is_writable(*values: Any, redact: Redactor) -> bool:
    """Whether values may be written to a probe file or its schemas."""
    if not _within_bounds(values):
        return False
    try:
        text = json.dumps(values, ensure_ascii=False, allow_nan=False, default=lambda missing: missing.hint)
        text.encode()
    except ValueError:  # NaN, infinity, lone surrogates
        return False
    return len(text) <= MAX_TEXT and redact(text) == text


def is_writable_contract(contract: Contract, redact: Redactor) -> bool:
    """Whether a listing may be written to a contract file, and read from it again."""
    try:
        text = dump_contract(contract)
        text.encode()
        json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return False
    return len(text) <= MAX_CONTRACT and redact(text) == text


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _within_bounds(value: Any) -> bool:
    """Whether a value is not nested too deeply, and each name in it can be a key in YAML."""
    level = [value]
    for _ in range(MAX_DEPTH):
        objects = [each for each in level if isinstance(each, dict)]
        if not all(can_be_key(name) for each in objects for name in each):
            return False
        lists = [each for each in level if isinstance(each, list | tuple)]
        level = [below for each in objects for below in each.values()] + [below for each in lists for below in each]
    return not level
