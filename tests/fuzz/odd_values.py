"""JSON values, texts and schemas that somebody forgot to think of. A `Raw` is JSON that Python would not write."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

from tests.fuzz.choices import Choices
from tests.redaction.writers import WRITERS

SECRETS: Final = {
    "KEY": "Zq7wXy/Kw8mJv+Hb9cNt=",
    "QUERY": "Tf4kLs+Vg6hRd",
    "SAID": 'Rk3vTz"Lm6pQs&Wd5gYx',
    "CLIENT": "Bn7hGy=Ce3uJk",
    "TOKEN": "Jd2cVx-Nf5rZt",
}
"""By the variable of the environment that holds them; the token is the one that the peer gives out."""
PARTS: Final = tuple(part for each in SECRETS.values() for part in re.findall("[0-9A-Za-z]+", each))
"""Letters and digits that each spelling of a secret has in common. None of them may be seen anywhere."""

_RAW: Final = re.compile(r'"\\u0001RAW:([^"\\]*)\\u0001"')

TEXTS: Final = (
    "", " ", "\n", "\r\n\r\n", "\t", "\x00", "\x07\x08", "\x7f", "\x85", "\u2028\u2029", "\u202e dlrow", "\ufeff",
    "\ufffe", "\ud800", "\udfff\ud800", "a\udc80b", "\U0001f4a5" * 40, "e\u0301" * 60, "\u200d\u200c",
    "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x9b2J", "\x1bPq\x1b\\", "a" * 300, "ü" * 3000, "x" * 20_000,
    "../../etc/passwd", "<script>alert(1)</script>", "]]>", "&amp;&#0;", "@everyone <!channel> <@1>",
    "[a](http://127.0.0.1:9/)", "::error::x", "%0A%0D", "%s%n%x", "{0}{probe}{x!r}", "${KEY}", "=1+1",
    "'; DROP TABLE runs;--", "a=b c=\"d\"", "…", "***", "null", "NaN", "1e999", "http://127.0.0.1:9/",
    "file:///etc/passwd", "http://[", "\\", "\\u0000", '"', "'", "/", "~1", "#/", "$ref", "2026-07-28", "2025-11-25",
    "9999-99-99", "tools/call", "ping",
)  # fmt: skip

NAMES: Final = (
    "note", "", "__proto__", "constructor", "$ref", "$id", "a/b~c", "\n", "\ud800", "\x00", "\u202e", "id", "result",
    "error", "method", "jsonrpc", "params", "_meta", "isError", "x" * 5000, "0", "-1", "é" * 200,
)  # fmt: skip


def of_secrets(text: str) -> list[str]:
    """What of a secret is in a text."""
    return [part for part in PARTS if part in text]


def raw(text: str) -> str:
    """Stands in a value for JSON that is written as it is."""
    return f"\x01RAW:{text}\x01"


def dump(value: Any, *, indent: int | None = None, ascii_only: bool = True) -> bytes:
    """The value as JSON, with what is raw in it, and half surrogates as half surrogates."""
    separators = (",", ":") if indent is None else None
    try:
        text = json.dumps(value, separators=separators, indent=indent, ensure_ascii=ascii_only)
    except RecursionError:  # what is deep was put into what is deep
        text = "[" * 2000 + "]" * 2000
    return _RAW.sub(lambda found: found[1], text).encode(errors="surrogatepass")


_WRITERS: Final = tuple(WRITERS.values())
_AROUND: Final = (
    *("{}", "no such key: {}", "Bearer {}", "https://127.0.0.1:9/?key={}&x=1", "\x1b[1m{}\x1b[0m", "{} {}", "a…{}…b"),
    "x" * 190 + "{}",
)


def nested(depth: int, *, name: str | None = None, core: Any = 0) -> Any:
    value = core
    for _ in range(depth):
        value = [value] if name is None else {name: value}
    return value


def secret(c: Choices) -> str:
    """A secret of the target, as some program writes it, alone or amid other words."""
    told = _WRITERS[c.below(len(_WRITERS))](c.pick(*c.secrets, "none"))
    return c.pick(*_AROUND).replace("{}", told)


def text(c: Choices) -> str:
    return secret(c) if c.one_in(3) else c.pick(*TEXTS)


def name(c: Choices) -> str:
    return secret(c) if c.one_in(5) else c.pick(*NAMES)


_NUMBERS: Final = (
    0, -1, 1, 2, -0.0, 0.5, 1e308, -1e-320, 2**31, 2**53 + 1, 2**63, -(2**64), 10**310, 10**4000, raw("1e999"),
    raw("-1e999"), raw("1E400"), raw("NaN"), raw("Infinity"), raw("-0"), raw("1.0"), raw("1e0"), raw("1" * 4400),
    raw("0" * 3), raw("0.1e-5000"),
)  # fmt: skip

_SHAPES: Final[tuple[Callable[[Choices], Any], ...]] = (
    lambda c: None,
    lambda c: c.pick(True, False),
    lambda c: c.pick(*_NUMBERS),
    lambda c: c.pick(*_NUMBERS),
    text,
    text,
    text,
    lambda c: [],
    lambda c: {},
    lambda c: [text(c), c.pick(*_NUMBERS), None, {}],
    lambda c: {name(c): text(c), name(c): c.pick(*_NUMBERS)},
    lambda c: [{}] * c.pick(2, 60, 900),
    lambda c: [text(c)] * c.pick(2, 40),
    lambda c: {f"{name(c)}{number}": number for number in range(c.pick(2, 50, 1500))},
    lambda c: nested(c.pick(3, 60, 180, 240, 320, 480, 900)),
    lambda c: nested(c.pick(3, 60, 180, 240, 320, 480), name=c.pick("a", "properties", "items", "allOf"), core=text(c)),
    lambda c: raw("[" * 3000 + "]" * 3000),
    lambda c: raw('{"a":1,"a":2,"a":{"a":[]}}'),
    lambda c: schema(c),
)


def value(c: Choices) -> Any:
    """Some JSON value."""
    return _SHAPES[c.below(len(_SHAPES))](c)


def schema(c: Choices) -> Any:
    """What might stand where a JSON Schema is expected."""
    inner: dict[str, Any] = {"type": "object", "properties": {"message": {"type": "string"}}}
    keyword = c.pick(
        *(
            None,
            "pattern",
            "$ref",
            "multipleOf",
            "enum",
            "$schema",
            "$id",
            "maxLength",
            "allOf",
            "format",
            "properties",
            "type",
        ),
        *(
            "propertyNames",
            "$dynamicRef",
            "unevaluatedProperties",
            "const",
            "required",
            "items",
            "if",
            "patternProperties",
        ),
    )
    if keyword is None:
        return c.pick(inner, True, False, {}, {"type": "word"}, {"type": ["object", "word"]}, [], "object", None)
    known = {
        "pattern": c.pick("^(a+)+$", "(", "\\p{L}+", "[\ud800]", "(?<=a)b", "a{1,99999}", "\\u{1F600}", "^(.*)*$"),
        "$ref": c.pick(
            "#", "#/$defs/a", "http://127.0.0.1:9/s", "#/%zz", "http://[", "urn:x", "#/properties/message", "file:///x"
        ),
        "multipleOf": c.pick(0, 1e-320, 0.1, -1, raw("1e999"), 10**320),
        "$schema": c.pick("http://json-schema.org/draft-04/schema#", "http://127.0.0.1:9/", "", 5, "#"),
        "allOf": [{"$ref": "#"}] * c.pick(1, 30),
        "properties": nested(c.pick(2, 60, 300), name="properties"),
        "patternProperties": {c.pick("^(a|a)*$", "(", "."): False},
        "format": c.pick("regex", "date-time", "hostname", "uri", "idn-email", "x"),
    }
    of_message = c.one_in(3)
    value_ = known[keyword] if keyword in known and not c.one_in(4) else _SHAPES[c.below(12)](c)
    more = {"$defs": {"a": {"$ref": "#/$defs/a"}}}
    return (
        {**inner, **more, "properties": {"message": {keyword: value_}}}
        if of_message
        else {**inner, **more, keyword: value_}
    )
