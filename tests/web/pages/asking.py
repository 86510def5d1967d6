"""Pages asked for over HTTP and read."""

from __future__ import annotations

import urllib.request
from dataclasses import dataclass
from email.message import Message
from urllib.error import HTTPError

from tests.web.pages.markup import Page


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: Message
    body: str

    @property
    def page(self) -> Page:
        """Read, and found to be without a mistake."""
        page = Page(self.body)
        assert page.mistakes == []
        return page


def ask(url: str, **headers: str) -> Answer:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as answer:
            return Answer(status=answer.status, headers=answer.headers, body=answer.read().decode())
    except HTTPError as error:
        with error:
            return Answer(status=error.code, headers=error.headers, body=error.read().decode())


def read(url: str) -> Page:
    answer = ask(url)
    assert answer.status == 200
    return answer.page
