"""A page read as a validator and a screen reader would: what is wrong with it, as sentences."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

_VOID = frozenset({"meta", "link", "input", "img", "br", "hr"})
_SELF_CLOSED = frozenset({"path", "rect", "circle", "use", "line"})
_LABELLED = frozenset({"nav", "section"})
_NOT_IN_P = frozenset(
    {"p", "div", "ul", "dl", "table", "section", "article", "h1", "h2", "h3", "pre", "figure", "form"}
)


class Page(HTMLParser):
    """Reads one page. `mistakes` is empty for a good one."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.mistakes: list[str] = []
        self.texts: list[str] = []
        self.titles: list[str] = []
        self.links: list[str] = []
        self.tags: Counter[str] = Counter()
        self._open: list[str] = []
        self._ids: Counter[str] = Counter()
        self._named: set[str] = set()
        self._labelling: set[str] = set()
        self._heading = 0
        self._references: set[str] = set()
        if not html.startswith("<!doctype html>"):
            self.mistakes.append("begins with something else than its doctype")
        self.feed(html)
        self.close()
        self._conclude()

    @property
    def text(self) -> str:
        """What is to be read, with the white space of a browser."""
        return " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._look(tag, attrs)
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._look(tag, attrs)
        if tag not in _SELF_CLOSED:
            self.mistakes.append(f"<{tag}/> does not close itself in HTML")

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1] != tag:
            self.mistakes.append(f"</{tag}> where {self._open[-1:]} is open")
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self._open[-1:] == ["title"]:
            self.titles.append(data)
        elif data.strip():
            self.texts.append(data)

    def _look(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags[tag] += 1
        twice = [name for name, count in Counter(name for name, _ in attrs).items() if count > 1]
        self.mistakes += [f"<{tag}> has {name} twice" for name in twice]
        self.mistakes += [f"<{tag}> has {name}" for name in given if name.startswith("on") or name == "style"]
        if tag == "style" or (tag == "script" and not given.get("src")):
            self.mistakes.append(f"<{tag}> is written into the page")
        if tag in _NOT_IN_P and "p" in self._open and "svg" not in self._open:
            self.mistakes.append(f"<{tag}> in a <p>")
        self._look_at_names(tag, given)
        self._look_at_meaning(tag, given)

    def _look_at_names(self, tag: str, given: dict[str, str | None]) -> None:
        if (name := given.get("id")) is not None:
            self._ids[name] += 1
            if not name or any(character.isspace() for character in name):
                self.mistakes.append(f"id {name!r} is no id")
        if label := given.get("aria-labelledby"):
            self._references.add(label)
        if tag == "label":
            self._named.add(given.get("for") or "")
        if tag == "a":
            self.links.append(given.get("href") or "")

    def _look_at_meaning(self, tag: str, given: dict[str, str | None]) -> None:
        if tag in _LABELLED and not (given.get("aria-label") or given.get("aria-labelledby")):
            self.mistakes.append(f"a <{tag}> has no name")
        if tag == "img" and "alt" not in given:
            self.mistakes.append("an <img> has no alt")
        if tag == "svg" and not (
            given.get("aria-hidden") == "true" or (given.get("role") == "img" and given.get("aria-label"))
        ):
            self.mistakes.append("an <svg> is neither hidden nor named")
        if tag == "th" and given.get("scope") not in ("col", "row"):
            self.mistakes.append("a <th> has no scope")
        if tag == "input" and given.get("type") != "hidden":
            self._labelling.add(given.get("id") or "(no id)")
        if tag in ("h1", "h2", "h3", "h4"):
            level = int(tag[1])
            if level > self._heading + 1:
                self.mistakes.append(f"<{tag}> after <h{self._heading}>")
            self._heading = level

    def _conclude(self) -> None:
        self.mistakes += [f"<{tag}> is never closed" for tag in self._open]
        self.mistakes += [f"id {name!r} is there {count} times" for name, count in self._ids.items() if count > 1]
        self.mistakes += [f"nothing has the id {name!r}" for name in self._references - set(self._ids)]
        self.mistakes += [f"the input {name!r} has no label" for name in self._labelling - self._named]
        for tag in ("h1", "main", "title", "header", "footer"):
            if self.tags[tag] != 1 and not (tag == "title" and self.tags["svg"]):
                self.mistakes.append(f"{self.tags[tag]} <{tag}>")
