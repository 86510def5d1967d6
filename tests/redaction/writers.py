"""How a text comes out of the programs that write it: JSON, URLs, forms, HTML, Python."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote, quote_plus

_NO_SHORT: Final = str.maketrans({each: f"\\\\u{ord(each):04X}" for each in "+/&<>'=\"~"})
WRITERS: Final[Mapping[str, Callable[[str], str]]] = {
    "as it is": str,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON, solidus escaped": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "JSON in UTF-8": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "JSON, cautious, large letters": lambda text: text.replace("\\", "\\\\").translate(_NO_SHORT),
    "JSON, cautious, small letters": lambda text: "".join(
        each
        if each.isalnum() and each.isascii()
        else json.dumps(each)[1:-1]
        if ord(each) > 127
        else f"\\u{ord(each):04x}"
        for each in text
    ),
    "JSON Pointer": lambda text: text.replace("~", "~0").replace("/", "~1"),
    "JSON, solidus escaped, in a JSON Pointer": lambda text: (
        json.dumps(text)[1:-1].replace("/", "\\/").replace("~", "~0").replace("/", "~1")
    ),
    "JSON Pointer in a JSON Pointer, but for tildes": lambda text: text.replace("~", "~0").replace("/", "~01"),
    "URL": lambda text: quote(text, safe=""),
    "URL, small letters": lambda text: quote(text, safe="").lower() if text.islower() else quote(text, safe=""),
    "path": quote,
    "form": quote_plus,
    "URL twice": lambda text: quote(quote(text, safe=""), safe=""),
    "HTML": html.escape,
    "HTML, by number": lambda text: "".join(each if each.isalnum() else f"&#{ord(each)};" for each in text),
    "HTML, by hexadecimal number": lambda text: "".join(
        each if each.isalnum() else f"&#x{ord(each):X};" for each in text
    ),
    "Python": lambda text: repr(text)[1:-1],
    "Python, bytes": lambda text: repr(text.encode())[2:-1],
    "Python, ASCII": lambda text: ascii(text)[1:-1],
}
