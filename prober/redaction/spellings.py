"""How a text may be written in JSON, Python, a URL, a form, HTML or a JSON Pointer, as a regular expression.

Each character has its own choice of spellings, because writers differ in which characters they escape: of `a+b/c`,
one makes `a\\u002Bb/c` and another `a%2bb\\/c`. Each choice is final (an atomic group), so that the expression takes
no more time than the length of the text times that of the secret, whatever a server writes.
"""

from __future__ import annotations

import re
from html.entities import codepoint2name
from itertools import groupby
from typing import Final

_ESCAPED: Final = r"\\{0,4}+"
"""What is escaped may be escaped again; the backslashes may also have been taken for those of the character before."""
_LETTERS: Final = {"\n": "n", "\t": "t", "\r": "r", "\b": "b", "\f": "f"}
_IN_POINTERS: Final = {"~": "~0", "/": "~1"}


def spellings(text: str) -> str:
    """A pattern that finds the text in all spellings."""
    return "".join(_of(character, len(list(run))) for character, run in groupby(text))


def longest_word(text: str) -> str:
    """The longest run of letters and digits, which is the same in all spellings; it may be empty."""
    return max(re.findall(r"[0-9A-Za-z]+", text), key=len, default="")


def _of(character: str, times: int) -> str:
    if character.isascii() and character.isalnum():
        return character * times
    if character == "\\":
        doubled = rf"\\{{{times},{4 * times + 4}}}+"
        return f"(?>(?:{'|'.join(_choices(character))}){{{times}}}|{doubled})"
    return f"(?>{'|'.join([*_choices(character), _ESCAPED + re.escape(character)])})" * times


def _choices(character: str) -> list[str]:
    """All spellings but the character itself, the longer ones first."""
    code, octets = ord(character), character.encode(errors="surrogatepass")
    units = character.encode("utf-16-be", "surrogatepass")
    pairs = [int.from_bytes(units[at : at + 2]) for at in range(0, len(units), 2)]
    choices = [
        "".join(f"%2525{_hexadecimal(octet, 2)}" for octet in octets),
        "".join(f"%25{_hexadecimal(octet, 2)}" for octet in octets),
        "".join(f"%{_hexadecimal(octet, 2)}" for octet in octets),
        "".join(f"{_ESCAPED}u{_hexadecimal(pair, 4)}" for pair in pairs),
        f"{_ESCAPED}U{_hexadecimal(code, 8)}",
        "".join(f"{_ESCAPED}x{_hexadecimal(octet, 2)}" for octet in octets),
        f"&#0{{0,9}}+{code};",
        f"&#[xX]0{{0,9}}+{_hexadecimal(code, 1)};",
    ]
    if code < 256:
        choices.append(f"{_ESCAPED}x{_hexadecimal(code, 2)}")
    if character in _LETTERS:
        choices.append(_ESCAPED + _LETTERS[character])
    if character in _IN_POINTERS:
        choices.append(_IN_POINTERS[character])
    if character == " ":
        choices.append(r"\+")
    if code in codepoint2name:
        choices.append(f"&{codepoint2name[code]};")
    if character == "'":
        choices.append("&apos;")
    return choices


def _hexadecimal(number: int, digits: int) -> str:
    """A number in hexadecimal of at least so many digits, its letters large or small."""
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in f"{number:0{digits}x}")
