"""What judging needs is imported when it is needed: a probe that passes quickly should not wait for libraries."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("prober.judge.shapes", {"jsonschema", "jsonpath_rfc9535", "mcp", "mcp_types", "pydantic", "httpx", "asyncio"}),
        ("prober.judge.expect", {"jsonschema", "jsonpath_rfc9535", "mcp", "httpx", "asyncio"}),
        ("prober.judge.contract", {"jsonschema", "jsonpath_rfc9535", "mcp", "httpx", "asyncio"}),
        ("prober.judge.schema", {"jsonpath_rfc9535", "mcp", "mcp_types", "httpx", "asyncio"}),
        ("prober.judge.__main__", {"jsonpath_rfc9535", "mcp", "mcp_types", "pydantic", "httpx", "asyncio"}),
        ("prober.judge.worker", {"jsonpath_rfc9535", "mcp", "mcp_types", "pydantic", "httpx"}),
    ],
)
def test_a_module_imports_no_more_than_it_needs(module: str, absent: set[str]) -> None:
    code = f"import sys, {module}; print(*(name for name in sys.modules if '.' not in name))"
    imported = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert imported & absent == set()
