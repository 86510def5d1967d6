"""Every command that documents and the demo print is typed into a shell, in a clone and where the wheel is installed.

A block of commands is run, in the order of its page, unless a comment above it says why not:

    <!-- not run: it needs podman -->                  no test runs it
    <!-- run by tests/drill: it takes minutes -->      other tests do
    <!-- exit 1: the race is lost -->                  the last command has to end with that status
    <!-- lasting: a second terminal -->                it stays up until the end of the page
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.docs.copies import Copy, clone, installed, wheel
from tests.docs.pages import PAGES, ROOT, Block, blocks, prose
from tests.docs.shell import DAEMON, REFERENCE, shell
from tests.real.process import free_port

LANGUAGES: Final = {"sh", "yaml", "toml", "python", "typescript", "text"}
MARKER: Final = re.compile(
    r"(?P<mode>not run|run by (?P<by>tests/[\w/.]+)|exit (?P<status>\d+)|lasting): (?P<why>\S.{8,})"
)
HELD_ELSEWHERE: Final = {
    "docs/pytest.md": "tests/library/test_pages.py",
    "alerts/README.md": "tests/alerts/test_installation.py",
}
"""Pages whose commands have tests of their own."""


@pytest.fixture(scope="session")
def ports() -> dict[str, int]:
    """The same for all tests of this process: the wheel's own examples are changed to them once."""
    return {REFERENCE: free_port(), DAEMON: free_port()}


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(params=["clone", "wheel"])
def copy(request: pytest.FixtureRequest, ports: dict[str, int], tmp_path: Path) -> Copy:
    if request.param == "clone":
        return clone(tmp_path, ports)
    return installed(request.getfixturevalue("environment"), tmp_path, ports)


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def commands(page: Path) -> list[Block]:
    """The blocks to type. In the YAML of a CI job, each `run` is one."""
    found = []
    for block in blocks(page, "sh", "yaml"):
        if block.language == "sh":
            found.append(block)
        elif "runs-on" in block.text:
            [job] = yaml.safe_load(block.text)["jobs"].values()
            lines = [step["run"] for step in job["steps"] if step.get("run", "").startswith("mcp-prober ")]
            found.append(Block(page=page, line=block.line, language="sh", text="\n".join(lines), marker=block.marker))
    return found


def mode(block: Block) -> re.Match[str] | None:
    """What the comment above a block says of running it."""
    return MARKER.fullmatch(block.marker)


TYPED: Final = [page for page in PAGES if name(page) not in HELD_ELSEWHERE and commands(page)]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_stand_in_blocks_that_are_run_or_say_why_not(page: Path) -> None:
    for block in blocks(page):
        assert block.language in LANGUAGES, block.place
        assert not block.marker or mode(block), f"{block.place}: {block.marker}"
        if (said := mode(block)) and said["by"]:
            assert (ROOT / said["by"]).exists(), block.place
    indented = re.findall(r"^(?![ \-*\d]).*\n\n((?: {4}\S.*\n)+)", prose(page), re.MULTILINE)
    assert indented == [], f"{name(page)}: commands belong into a block that begins with ```sh"


def test_what_is_held_elsewhere_is_there() -> None:
    for page, test in HELD_ELSEWHERE.items():
        assert Path(page).name in (ROOT / test).read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.external
@pytest.mark.parametrize("page", TYPED, ids=name)
def test_every_command_of_a_page_works(page: Path, copy: Copy) -> None:
    typed = commands(page)
    with shell(copy, served=not any("mcp-prober reference" in block.text for block in typed)) as opened:
        for block in typed:
            said = mode(block)
            if said and (said["mode"] == "not run" or said["by"]):
                continue
            if said and said["mode"] == "lasting":
                opened.start(block.text)
            else:
                opened.type(block.text, status=int(said["status"]) if said else 0)


@pytest.mark.slow
@pytest.mark.external
def test_what_the_demo_prints_works_as_it_is_pasted(copy: Copy) -> None:
    """In the clone after `make demo` no shell finds the program by its name; in the environment one does."""
    on_path = not copy.program.is_relative_to(copy.home)
    program = "mcp-prober" if on_path else str(copy.program.relative_to(copy.home))
    with shell(copy, on_path=on_path) as opened:
        printed = opened.type(f"{program} demo")
        probes = pasted(printed, "Probes for a server of yours")
        assert [line.split()[:2] for line in probes] == [[program, "init"], [program, "run"]]
        for line in probes:
            opened.type(line)
    with shell(copy, on_path=on_path, served=False) as opened:
        serve, race = pasted(printed, "The race that was lost")
        opened.start(serve)
        assert "lost_update" in opened.type(race, status=1)


def pasted(printed: str, heading: str) -> list[str]:
    """The indented lines below a heading."""
    found = re.search(rf"^{heading}.*:\n((?:  \S.*\n)+)", printed, re.MULTILINE)
    assert found, printed
    return [line.strip() for line in found[1].splitlines()]


def test_a_shell_says_which_command_failed(ports: dict[str, int], tmp_path: Path) -> None:
    """Else every test above could pass for want of looking."""
    with shell(clone(tmp_path, ports), served=False) as opened:
        with pytest.raises(AssertionError, match="ended with 2"):
            opened.type("mcp-prober check nothing-here")
        with pytest.raises(AssertionError, match="ended with 127"):
            opened.type("no-such-program")
        with pytest.raises(AssertionError, match="ended with 0"):
            opened.type("true", status=1)
