"""What judging needs is imported when it is needed: a probe that passes quickly should not wait for libraries."""

from __future__ import annotations

import subprocess
import sys

import pytest

LIBRARY = {"jsonschema", "jsonschema_specifications", "referencing", "rpds", "attr"}
"""What judges by JSON Schema where our own quick check does not, and what it brings along."""

APART = """
import asyncio, sys, threading
from prober.assertions.checks import Instance, case_of
from prober.assertions.judge import Judge
from prober.assertions.json_schema.schema import load_schema, load_server_schema

importing = []
document = {
    "type": "array",
    "items": {"$ref": "#/$defs/Day", "anyOf": [{"format": "date"}, {"type": "null"}]},
    "$defs": {"Day": {"not": {"type": "object"}}},
}

class Witness:
    def find_spec(self, name, path=None, target=None):
        if name == "jsonschema":
            importing.append(threading.current_thread())

async def main():
    async with Judge() as judge:
        for value in (["2024-02-29", None], None):
            for schema in (load_schema(document, folder=None), load_server_schema(document)):
                case = case_of(judged=Instance(value=value), schema=schema)
                found = await judge.judge(case, deadline=asyncio.get_running_loop().time() + 30)
                assert bool(importing) is (value is None)
            print(found and found.message)

sys.meta_path.insert(0, Witness())
asyncio.run(main())
assert len(importing) == 1
assert importing[0] is not threading.main_thread()
"""


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        (
            "prober.assertions.result_shapes",
            {"jsonschema", "jsonpath_rfc9535", "mcp", "mcp_types", "pydantic", "httpx", "asyncio"},
        ),
        ("prober.assertions.expectations", {"jsonschema", "jsonpath_rfc9535", "mcp", "httpx", "asyncio"}),
        ("prober.contract.contract", {"jsonschema", "jsonpath_rfc9535", "mcp", "httpx", "asyncio"}),
        (
            "prober.assertions.json_schema.schema",
            {*LIBRARY, "jsonpath_rfc9535", "mcp", "mcp_types", "httpx", "asyncio"},
        ),
        (
            "prober.assertions.worker.__main__",
            {*LIBRARY, "jsonpath_rfc9535", "mcp", "mcp_types", "pydantic", "httpx", "asyncio"},
        ),
        ("prober.assertions.judge", {*LIBRARY, "jsonpath_rfc9535", "mcp", "mcp_types", "pydantic", "httpx"}),
    ],
)
def test_a_module_imports_no_more_than_it_needs(module: str, absent: set[str]) -> None:
    code = f"import sys, {module}; print(*(name for name in sys.modules if '.' not in name))"
    imported = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert imported & absent == set()


def test_jsonschema_is_imported_for_the_first_mismatch_where_it_holds_up_no_event_loop() -> None:
    said = subprocess.run([sys.executable, "-c", APART], capture_output=True, text=True, check=True).stdout
    assert said == "None\n(root): type: expected array, seen null\n"
