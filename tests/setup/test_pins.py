"""constraints.txt is whole, and agrees with the ranges of pyproject.toml, for every Python that is promised."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib import metadata
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import mcp_state
import prober
from tests.setup import pins
from tests.setup.latest import main, summary
from tests.setup.pins import OWN, ROOT, moved, pinned

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
STATE: dict[str, Any] = tomllib.loads((ROOT / "packages/mcp-state/pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]
PYTHONS = [text.rpartition(" ")[2] for text in PROJECT["classifiers"] if re.search(r"Python :: 3\.\d+$", text)]


def direct() -> Iterator[Requirement]:
    for project in (PROJECT, STATE):
        for text in chain(project["dependencies"], *project["optional-dependencies"].values()):
            wanted = Requirement(text)
            if wanted.name not in OWN:
                yield wanted


@pytest.mark.parametrize("python", PYTHONS)
def test_every_direct_package_is_pinned_within_its_range(python: str) -> None:
    versions = pinned(python=f"{python}.0")
    wrong = [str(each) for each in direct() if not each.specifier.contains(versions[canonicalize_name(each.name)])]
    assert wrong == []


def test_every_package_that_another_brings_along_is_pinned() -> None:
    versions, other = pinned(), moved()
    pending, seen = [(PROJECT["name"], frozenset({"dev"}))], set()
    while pending:
        name, extras = pending.pop()
        if (name, extras) in seen or name in other:  # what moved may want others than its pinned version
            continue
        seen.add((name, extras))
        for text in metadata.requires(name) or ():
            wanted = Requirement(text)
            marker = wanted.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras or {""}):
                pending.append((canonicalize_name(wanted.name), frozenset(wanted.extras)))
    found = {name for name, _ in seen} - OWN
    assert len(found) > 50
    assert found - versions.keys() == set()


def test_every_package_of_the_project_has_an_upper_bound_where_users_install_it() -> None:
    dated = {"jsonschema-specifications"}
    unbounded = {
        wanted.name
        for wanted in map(Requirement, [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["notify"]])
        if not any(each.operator == "<" for each in wanted.specifier)
    }
    assert unbounded == dated


def test_the_version_of_the_package_is_the_one_of_its_code() -> None:
    assert "version" in PROJECT["dynamic"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", prober.__version__)


def test_the_prober_takes_the_package_of_shared_state_that_lies_beside_it() -> None:
    assert {PROJECT["name"], STATE["name"]} == OWN
    [wanted] = [each for each in map(Requirement, PROJECT["dependencies"]) if each.name == STATE["name"]]
    assert wanted.specifier.contains(mcp_state.__version__)


def test_markers_choose_by_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "# of a test\nold==1.0 ; python_full_version < '3.12'\nNew_Name==2.0 ; python_full_version >= '3.12'\n"
    (tmp_path / "constraints.txt").write_text(lines)
    monkeypatch.setattr(pins, "ROOT", tmp_path)
    assert pinned(python="3.11.0") == {"old": "1.0"}
    assert pinned(python="3.13.0") == {"new-name": "2.0"}


def test_what_moved_is_told_with_both_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "constraints.txt").write_text("pytest==0.1\n")
    monkeypatch.setattr(pins, "ROOT", tmp_path)
    assert moved()["pytest"] == f"0.1 -> {pytest.__version__}"
    assert moved()["pluggy"].startswith("none -> ")


def test_a_report_fails_here_but_not_in_ci(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "constraints.txt").write_text("pytest==0.1\n")
    monkeypatch.setattr(pins, "ROOT", tmp_path)
    red = tmp_path / "test_red.py"
    red.write_text("def test_red():\n    assert False\n")
    arguments = ["-q", "-p", "no:cacheprovider", f"--rootdir={tmp_path}", str(red)]
    monkeypatch.delenv("CI", raising=False)
    assert main(arguments) == 1
    monkeypatch.setenv("CI", "true")
    assert main(arguments) == 0


@pytest.mark.parametrize(
    ("counts", "code", "line"),
    [
        ({"tests": 9, "failures": 0, "errors": 0}, 0, "0 failed of 9 with newer rich, starlette"),
        ({"tests": 9, "failures": 2, "errors": 1}, 1, "3 failed of 9 with newer rich, starlette"),
        ({"tests": 1, "failures": 0, "errors": 1}, 3, "pytest ended with status 3, before all tests had run, {}"),
        (None, 4, "pytest ended with status 4, before all tests had run, {}"),
    ],
)
def test_the_last_line_of_a_report(counts: dict[str, int] | None, code: int, line: str) -> None:
    told = summary(counts, {"rich": "15 -> 16", "starlette": "1.10 -> 1.11"}, code=code)
    assert told == "test-latest: " + line.format("with newer rich, starlette")
