"""Finds the secrets of a target in a text, whole or cut, however they are written, and masks them."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable
from html import escape
from typing import Final
from urllib.parse import quote

from prober.redaction.cut_spellings import CutSpellings
from prober.redaction.masked import Masked
from prober.redaction.spellings import longest_word, spellings

SHORTEST: Final = 4
"""Characters. Shorter values are not looked for: to mask every `a` would hide the evidence and protect nothing."""

SHORTEST_WRITTEN_OUT: Final = 8
"""Characters of a value that is written out in a configuration: `production` may be a secret, `prod` is none."""

_NO_SECRETS: Final = frozenset({"true", "false", "null"})
"""Values of environment variables, more often than not, and words of every JSON text."""

_LEARNT: Final = 16
"""Values from run time that are remembered. A token that lives for an hour must not be looked for all year."""

_MASK: Final = "***"


class Redactor:
    """Replaces every secret of one target by `***` in texts that people will read.

    A secret that a cut went through is recognized by what is left of it: at the beginning of a text, at its end, and on
    both sides of an ellipsis. A secret that has to be escaped is looked for as JSON, Python, URLs, forms, HTML and JSON
    Pointers write it, too. Of `Bearer TOKEN` and the like, the text behind the scheme is a secret of its own: servers
    echo it alone.
    """

    def __init__(self, secrets: Iterable[str]):
        self._whole = set(secrets)
        self._given = {form for secret in self._whole for form in _forms(secret)}
        self._learnt: deque[str] = deque(maxlen=_LEARNT)
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
        for letters, pattern in self._respelled:
            if letters in text:
                text = pattern.sub(_MASK, text)
        for secret in self._secrets:
            text = text.replace(secret, _MASK)
        parts = [self._mask_what_a_cut_left(part) for part in text.split("…")]
        return Masked("…".join(parts))

    def _mask_what_a_cut_left(self, text: str) -> str:
        """Mask the end of a secret at the beginning of a text, and the beginning of one at its end.

        Of several that it may be of, or spellings that it may be in, the one is masked that takes the most.
        """
        ends = [_end_at_start(text, secret) for secret in self._secrets]
        ends += [cut.end_at_start(text) for cut in self._cut]
        if (end := max((each for each in ends if each is not None), default=None)) is not None:
            text = _MASK + text[end:]
        starts = [_start_at_end(text, secret) for secret in self._secrets]
        starts += [cut.start_at_end(text) for cut in self._cut]
        start = min((each for each in starts if each is not None), default=None)
        return text if start is None else text[:start] + _MASK

    def _sort(self) -> None:
        forms = self._given.union(*map(_forms, self._learnt))
        self._secrets = sorted(forms, key=_longest_first)
        parts = {part for secret in (*self._whole, *self._learnt) for part in _parts(secret) if not part.isalnum()}
        in_order = sorted(parts, key=_longest_first)
        self._cut = [CutSpellings(part, some=SHORTEST) for part in in_order]
        self._respelled = [(longest_word(part), re.compile(spellings(part))) for part in in_order]
        """With the letters that stand in every spelling: most texts hold no secret, and need no slower look."""


def worth_masking(put_in: Iterable[str], written_out: Iterable[str] = ()) -> list[str]:
    """The values of `${…}` and the values that are written out, but for those that are too short to be secrets.

    The longest first, so that no part of one stays when a shorter one is masked before it.
    """
    texts = {text for text in put_in if len(text) >= SHORTEST}
    texts.update(text for text in written_out if len(text) >= SHORTEST_WRITTEN_OUT)
    return sorted(texts, key=_longest_first)


def _longest_first(text: str) -> tuple[int, str]:
    return (-len(text), text)


def _parts(secret: str) -> set[str]:
    """The secret, and what stands behind its scheme; without what is too short or too common to be one."""
    return {
        part for part in (secret, secret.partition(" ")[2]) if len(part) >= SHORTEST and part.lower() not in _NO_SECRETS
    }


def _forms(secret: str) -> set[str]:
    return {form for part in (secret, secret.partition(" ")[2]) for form in _forms_of_part(part)}


def _forms_of_part(secret: str) -> set[str]:
    in_json = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    twice = {json.dumps(form)[1:-1] for form in in_json}
    in_python = {repr(secret)[1:-1], repr(secret.encode(errors="replace"))[2:-1]}
    in_pointer = {secret.replace("~", "~0").replace("/", "~1")}
    in_url = {quote(secret, safe="", errors="replace"), quote(secret, errors="replace")}
    forms = in_json | twice | in_python | in_pointer | in_url | {secret.replace("/", "\\/"), escape(secret)}
    return {form for form in forms if len(form) >= SHORTEST and form.lower() not in _NO_SECRETS}


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
