"""What judging needs is imported when it is needed: a probe that passes quickly should not wait for libraries."""

from __future__ import annotations

import subprocess
import sys

import pytest

LIBRARY = {"jsonschema", "jsonschema_specifications", "referencing", "rpds", "attr"}
"""What judges by JSON Schema where our own quick check does not, and what it brings along."""

SIMPLE = """
import sys
from prober.assertions.schema import first_mismatch, load_schema, load_server_schema
document = {
    "type": "object",
    "required": ["days"],
    "properties": {"days": {"type": "array", "items": {"$ref": "#/$defs/Day"}}, "since": {"format": "date"}},
    "$defs": {"Day": {"type": "object", "properties": {"sky": {"anyOf": [{"enum": ["clear"]}, {"type": "null"}]}}}},
}
fits = {"days": [{"sky": None}, {"sky": "clear"}], "since": "2024-02-29"}
for schema in (load_schema(document, folder=None), load_server_schema(document)):
    assert first_mismatch(schema, fits) is None
loaded = set(sys.modules)
assert first_mismatch(schema, {}) is not None
print(*loaded, "/", *sys.modules)
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
        ("prober.assertions.schema", {*LIBRARY, "jsonpath_rfc9535", "mcp", "mcp_types", "httpx", "asyncio"}),
        (
            "prober.assertions.__main__",
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


def test_a_value_that_fits_a_simple_schema_is_judged_without_the_library_and_one_that_does_not_with_it() -> None:
    said = subprocess.run([sys.executable, "-c", SIMPLE], capture_output=True, text=True, check=True).stdout
    fitting, _, failing = said.partition(" / ")
    assert LIBRARY & set(fitting.split()) == set()
    assert set(failing.split()) >= LIBRARY


APART = """
import asyncio, sys, threading
from prober.assertions.checks import Instance, case_of
from prober.assertions.schema import load_schema
from prober.assertions.judge import Judge

importing = []

class Witness:
    def find_spec(self, name, path=None, target=None):
        if name == "jsonschema":
            importing.append(threading.current_thread())

async def main():
    case = case_of(judged=Instance(value=None), schema=load_schema({"type": "array"}, folder=None))
    async with Judge() as judge:
        finding = await judge.judge(case, deadline=asyncio.get_running_loop().time() + 30)
    print(finding.message)

sys.meta_path.insert(0, Witness())
asyncio.run(main())
assert len(importing) == 1
assert importing[0] is not threading.main_thread()
"""


def test_the_library_is_imported_where_it_holds_up_no_event_loop() -> None:
    said = subprocess.run([sys.executable, "-c", APART], capture_output=True, text=True, check=True).stdout
    assert said == "(root): type: expected array, seen null\n"
