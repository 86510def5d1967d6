"""How a text may be written in JSON, Python, a URL, a form, HTML or a JSON Pointer, as a regular expression.

Each character has its own choice of spellings, because writers differ in which characters they escape: of `a+b/c`,
one makes `a\\u002Bb/c` and another `a%2bb\\/c`. Each choice is final (an atomic group), so that the expression takes
no more time than the length of the text times that of the secret, whatever a server writes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from html.entities import codepoint2name
from itertools import groupby
from typing import Final

_ESCAPED: Final = r"\\{0,32}+"
"""What is escaped may be escaped again: JSON in JSON in a message of Python makes seven backslashes of none. They may
also have been taken for those of the character before."""
_LETTERS: Final = {"\n": "n", "\t": "t", "\r": "r", "\b": "b", "\f": "f"}
_IN_POINTERS: Final = {"~": "~0", "/": "~0{0,9}+1"}
"""A pointer may be a name in another one; of a tilde, which a zero may follow, that is not looked for."""


_LONGEST: Final = 45
"""Characters of one spelling, backslashes included."""


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A character in all its spellings; of backslashes that follow each other, all of them."""

    pattern: re.Pattern[str]
    longest: int
    """Characters of a spelling, at most."""

    def begins(self, text: str, end: int) -> list[int]:
        """Where it may begin that ends there."""
        return [at for at in range(max(0, end - self.longest), end) if self.pattern.fullmatch(text, at, end)]


def units_of(text: str) -> list[Unit]:
    """The characters of a text in their order."""
    units: list[Unit] = []
    for character, run in groupby(text):
        count = len(list(run))
        units += [_unit(character, count)] if character == "\\" else [_unit(character, 1)] * count
    return units


def longest_word(text: str) -> str:
    """The longest run of letters and digits, which is the same in all spellings; it may be empty."""
    return max(re.findall(r"[0-9A-Za-z]+", text), key=len, default="")


@lru_cache(maxsize=1024)
def _unit(character: str, times: int) -> Unit:
    if character.isascii() and character.isalnum():
        return Unit(pattern=re.compile(character), longest=1)
    plain, escaped = _choices(character)
    if character == "\\":
        doubled = rf"\\{{{times},{16 * times + 32}}}+"
        one = "|".join([*plain, f"{_ESCAPED}(?:{'|'.join(escaped)})"])
        pattern = f"(?>(?:{one}){{{times}}}|{doubled})"
    else:
        one = "|".join([*plain, f"{_ESCAPED}(?:{'|'.join([*escaped, re.escape(character)])})"])
        pattern = f"(?>{one})"
    return Unit(pattern=re.compile(pattern), longest=_LONGEST * times)


def _choices(character: str) -> tuple[list[str], list[str]]:
    """All spellings but the character itself, the longer ones first: those of URLs and HTML, those with backslashes."""
    code, octets = ord(character), character.encode(errors="surrogatepass")
    units = character.encode("utf-16-be", "surrogatepass")
    pairs = [int.from_bytes(units[at : at + 2]) for at in range(0, len(units), 2)]
    plain = [
        "".join(f"%2525{_hexadecimal(octet, 2)}" for octet in octets),
        "".join(f"%25{_hexadecimal(octet, 2)}" for octet in octets),
        "".join(f"%{_hexadecimal(octet, 2)}" for octet in octets),
        f"&#0{{0,9}}+{code};",
        f"&#[xX]0{{0,9}}+{_hexadecimal(code, 1)};",
    ]
    if character in _IN_POINTERS:
        plain.append(_IN_POINTERS[character])
    if character == " ":
        plain.append(r"\+")
    if code in codepoint2name:
        plain.append(f"&{codepoint2name[code]};")
    if character == "'":
        plain.append("&apos;")
    escaped = [
        _ESCAPED.join(f"u{_hexadecimal(pair, 4)}" for pair in pairs),
        f"U{_hexadecimal(code, 8)}",
        _ESCAPED.join(f"x{_hexadecimal(octet, 2)}" for octet in octets),
    ]
    if character in _IN_POINTERS:  # what came escaped may be the name of a member
        escaped.append(_IN_POINTERS[character])
    if code < 256:
        escaped.append(f"x{_hexadecimal(code, 2)}")
    if character in _LETTERS:
        escaped.append(_LETTERS[character])
    return plain, escaped


def _hexadecimal(number: int, digits: int) -> str:
    """A number in hexadecimal of at least so many digits, its letters large or small."""
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in f"{number:0{digits}x}")
