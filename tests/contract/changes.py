"""Every change that is found between the schemas of the tables, word for word, as committed in `changes.txt`.

python -m tests.contract.changes writes it anew
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from prober.contract.compatibility import Side
from tests.contract.table_of_schemas import SCHEMAS
from tests.contract.test_compatibility import RULES, compared

FILE: Final = Path(__file__).with_name("changes.txt")


def all_changes() -> str:
    """What each pair of schemas comes to, for arguments and for results."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    for name, (old, new, *_) in [*RULES.items(), *SCHEMAS.items()]:
        yield name
        for side in Side:
            for change in compared(old, new, side):
                yield f"    {side.name.lower():6} {change.severity:8} {change.where}: {change.message}"


if __name__ == "__main__":
    FILE.write_text(all_changes(), encoding="utf-8")
