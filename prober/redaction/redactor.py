"""Finds the secrets of a target in a text, whole or cut, however they are written, and masks them."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable
from html import escape
from typing import Final
from urllib.parse import quote

from prober.redaction.invisible import visible
from prober.redaction.masked import Masked
from prober.redaction.parts import lines_of, parts_of
from prober.redaction.spelled import Spelled, Steps, TooCostlyError

SHORTEST: Final = 4
"""Characters. Shorter values are not looked for: to mask every `a` would hide the evidence and protect nothing."""

SHORTEST_WRITTEN_OUT: Final = 8
"""Characters of a value that is written out in a configuration: `production` may be a secret, `prod` is none."""

_NO_SECRETS: Final = frozenset({"true", "false", "null"})
"""Values of environment variables, more often than not, and words of every JSON text."""

_LEARNT: Final = 16
"""Values from run time that are remembered. A token that lives for an hour must not be looked for all year."""

_MASK: Final = "***"
_ELLIPSIS: Final = re.compile(r"(…|\.{3,})")


class Redactor:
    """Replaces every secret of one target by `***` in texts that people will read.

    A secret that a cut went through is recognized by what is left of it: at the beginning of a text, at its end, and on
    both sides of an ellipsis. A secret that has to be escaped is looked for as JSON, Python, URLs, forms, HTML and JSON
    Pointers write it, too. What servers echo alone is a secret of its own: `parts.py` says what that is.

    Where a secret only shows without what is invisible, the text is given back without that. A text that was made to be
    looked through for ever is masked as a whole.
    """

    def __init__(self, secrets: Iterable[str]):
        self._whole = set(secrets)
        self._given = {form for secret in self._whole for form in _forms(secret)}
        self._learnt: deque[str] = deque(maxlen=_LEARNT)
        self._spelled: list[Spelled] = []
        self._sort()

    def add(self, secret: str) -> None:
        """Mask one more secret."""
        if secret in self._whole:  # each run of a probe adds the secrets of its settings
            return
        self._whole.add(secret)
        if not self._given.issuperset(forms := _forms(secret)):
            self._given |= forms
            self._sort()

    def learn(self, secret: str) -> None:
        """Look for a secret that only came up at run time, such as an access token, until enough newer ones have."""
        if secret not in self._learnt:
            self._learnt.append(secret)
            self._sort()

    def __call__(self, text: str) -> Masked:
        shown = visible(text)
        try:
            if shown != text and (masked := self._masked(shown)) != shown:
                return masked
            return self._masked(text)
        except TooCostlyError:
            return Masked(_MASK)

    def _masked(self, text: str) -> Masked:
        steps = Steps(text)
        for spelled in self._spelled:
            text = spelled.masked(text, _MASK, steps)
        for secret in self._secrets:
            text = text.replace(secret, _MASK)
        parts = _ELLIPSIS.split(text)
        parts[::2] = [self._mask_what_a_cut_left(part, steps) for part in parts[::2]]
        return Masked("".join(parts))

    def _mask_what_a_cut_left(self, text: str, steps: Steps) -> str:
        """Mask the end of a secret at the beginning of a text, and the beginning of one at its end.

        Of several that it may be of, or spellings that it may be in, the one is masked that takes the most.
        """
        ends = [_end_at_start(text, secret) for secret in self._secrets]
        ends += [spelled.end_at_start(text, steps) for spelled in self._spelled]
        if (end := max((each for each in ends if each is not None), default=None)) is not None:
            text = _MASK + text[end:]
        starts = [_start_at_end(text, secret) for secret in self._secrets]
        starts += [spelled.start_at_end(text, steps) for spelled in self._spelled]
        start = min((each for each in starts if each is not None), default=None)
        return text if start is None else text[:start] + _MASK

    def _sort(self) -> None:
        forms = self._given.union(*map(_forms, self._learnt))
        self._secrets = sorted(forms, key=_longest_first)
        parts = {
            part for secret in (*self._whole, *self._learnt) for part in parts_of(secret)
            if not part.isalnum() and _is_secret(part)
        }  # fmt: skip
        known = {spelled.secret: spelled for spelled in self._spelled}
        in_order = sorted(parts, key=_longest_first)
        self._spelled = [known.get(part) or Spelled(part, some=SHORTEST) for part in in_order]


def worth_masking(put_in: Iterable[str], written_out: Iterable[str] = ()) -> list[str]:
    """The values of `${…}` and the values that are written out, but for those that are too short to be secrets.

    The longest first, so that no part of one stays when a shorter one is masked before it.
    """
    texts = {text for text in put_in if len(text) >= SHORTEST}
    texts.update(text for text in written_out if len(text) >= SHORTEST_WRITTEN_OUT)
    return sorted(texts, key=_longest_first)


def _longest_first(text: str) -> tuple[int, str]:
    return (-len(text), text)


def _forms(secret: str) -> set[str]:
    """Of the secret and its parts: as it is, and as the most frequent writers spell it."""
    return {form for part in (*parts_of(secret), *lines_of(secret)) for form in _forms_of_part(part)}


def _forms_of_part(secret: str) -> set[str]:
    in_json = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    twice = {json.dumps(form)[1:-1] for form in in_json}
    in_python = {repr(secret)[1:-1], repr(secret.encode(errors="replace"))[2:-1]}
    in_pointer = {secret.replace("~", "~0").replace("/", "~1")}
    in_url = {quote(secret, safe="", errors="replace"), quote(secret, errors="replace")}
    forms = in_json | twice | in_python | in_pointer | in_url | {secret.replace("/", "\\/"), escape(secret)}
    return set(filter(_is_secret, forms))


def _is_secret(text: str) -> bool:
    """Whether it is neither too short nor too common to be one."""
    return len(text) >= SHORTEST and text.lower() not in _NO_SECRETS


def _start_at_end(text: str, secret: str) -> int | None:
    at = text.find(secret[:SHORTEST], max(0, len(text) - len(secret)))
    while at >= 0:
        if secret.startswith(text[at:]):
            return at
        at = text.find(secret[:SHORTEST], at + 1)
    return None


def _end_at_start(text: str, secret: str) -> int | None:
    some = SHORTEST
    at = text.rfind(secret[-some:], 0, len(secret))
    while at >= 0:
        if secret.endswith(text[: at + some]):
            return at + some
        at = text.rfind(secret[-some:], 0, at + some - 1)
    return None
