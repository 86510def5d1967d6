"""What it costs to import the package, and what it needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

import mcp_state

SOURCE: Final = Path(mcp_state.__file__).parent
EXTRAS: Final = ("redis", "middleware", "otlp.py")
"""What needs more than the package's one dependency."""
PARTS: Final = sorted(
    ".".join(("mcp_state", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")
    for path in SOURCE.rglob("*.py")
    if path.relative_to(SOURCE).parts[0] not in EXTRAS
)

ALONE: Final = """\
import sys
class Refuses:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in {*sys.stdlib_module_names, "mcp_state", "prometheus_client"}:
            raise ModuleNotFoundError(f"{name} is not the standard library, and not prometheus-client", name=name)
sys.meta_path.insert(0, Refuses())
sys.path.insert(0, sys.argv[1])
import importlib
for part in sys.argv[2:]:
    importlib.import_module(part)
"""

TIMED: Final = """\
import sys, time
sys.path.insert(0, sys.argv[1])
began = time.perf_counter()
import mcp_state
print(time.perf_counter() - began)
"""


def ran(script: str, *arguments: str) -> str:
    """What a script printed, in an interpreter that sees nothing of ours but what it is told."""
    command = [sys.executable, "-I", "-c", script, str(SOURCE.parent), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_part_without_an_extra_needs_no_more_than_prometheus_client() -> None:
    assert len(PARTS) > 20
    ran(ALONE, *PARTS)


def test_what_needs_an_extra_says_so_by_not_being_found() -> None:
    with pytest.raises(AssertionError, match="redis is not the standard library"):
        ran(ALONE, "mcp_state.redis")


@pytest.mark.clock
def test_the_package_alone_is_imported_in_60_ms() -> None:
    assert min(float(ran(TIMED)) for _ in range(5)) < 0.060


def test_every_name_that_the_package_exports_is_there_and_documented() -> None:
    for name in mcp_state.__all__:
        assert getattr(mcp_state, name).__doc__
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        mcp_state.__getattr__("nothing")


def test_no_exported_name_is_that_of_a_module_which_would_take_its_place() -> None:
    assert {name for name in mcp_state.__all__ if f"mcp_state.{name}" in PARTS} == set()
