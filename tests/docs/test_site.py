"""The site: it builds without a warning, has every page, and loads nothing from another host."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from docs.generate.site import ELSEWHERE
from tests.docs.pages import DOCS, ROOT

LOADS: Final = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src", "object": "data"}
"""Elements that load something, and the attribute that says what. A `link` may only name an address, too."""
NAMES_ONLY: Final = {"canonical", "next", "prev", "edit"}


class _Ignoring(yaml.SafeLoader):
    """Of a configuration with tags of MkDocs."""


_Ignoring.add_multi_constructor("", lambda loader, suffix, node: None)


def navigation() -> list[str]:
    def listed(part: Any) -> Iterator[str]:
        if isinstance(part, str):
            yield part
        for below in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            yield from listed(below)

    return list(listed(yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), _Ignoring)["nav"]))


def test_every_page_is_in_the_navigation_once() -> None:
    pages = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}
    pages |= {pattern for pattern in ELSEWHERE if pattern.endswith(".md") and "*" not in pattern}
    assert sorted(navigation()) == sorted(pages)


def test_every_decision_is_in_the_list_of_decisions() -> None:
    pages = {page.name for page in (DOCS / "adr").glob("0*.md")}
    assert set(re.findall(r"\]\((\d.*\.md)\)", (DOCS / "adr" / "README.md").read_text(encoding="utf-8"))) == pages


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stderr, done.stderr
    return folder


@pytest.mark.slow
def test_the_site_builds_strictly_with_every_page_and_runbook(site: Path) -> None:
    runbooks = {f"alerts/runbooks/{page.stem}.html" for page in (ROOT / "alerts" / "runbooks").glob("*.md")}
    wanted = {re.sub(r"README\.md$", "index.md", place).replace(".md", ".html") for place in navigation()} | runbooks
    assert {place for place in wanted if not (site / place).is_file()} == set()
    assert not list(site.rglob("*.py"))


@pytest.mark.slow
def test_a_page_loads_nothing_from_another_host(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 50
    assert {(page.name, url) for page in pages for url in loaded(page) if re.match(r"(?:https?:)?//", url)} == set()
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\(\s*[\"']?(?:https?:)?//", sheet.read_text(encoding="utf-8")), sheet.name


@pytest.mark.slow
def test_every_file_that_a_page_loads_is_there(site: Path) -> None:
    for page in site.rglob("*.html"):
        missing = [url for url in loaded(page) if not (page.parent / url.partition("?")[0]).exists()]
        assert page.name == "404.html" or missing == [], page


class _Loads(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        url = given.get(LOADS.get(tag, "-"))
        if url and not url.startswith("data:") and given.get("rel") not in NAMES_ONLY:
            self.urls.append(url)


def loaded(page: Path) -> list[str]:
    """The addresses of all that a page loads."""
    parser = _Loads()
    parser.feed(page.read_text(encoding="utf-8"))
    return parser.urls
