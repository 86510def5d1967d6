"""Values that a schema does not write out but implies: by its format, bounds or type, or by an example in its words.

The schema is untrusted: descriptions are read up to `MAX_WORDS` characters, and patterns by an engine without
backtracking.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Final

MAX_WORDS: Final = 2_000
"""Characters of a description that are searched for an example."""

_LONGEST: Final = 80
"""Characters of an example: what is longer is more likely a sentence."""

_FORMATS: Final[Mapping[str, str]] = {
    "date": "2025-01-01",
    "date-time": "2025-01-01T00:00:00Z",
    "time": "12:00:00Z",
    "duration": "PT1H",
    "email": "user@example.com",
    "idn-email": "user@example.com",
    "hostname": "example.com",
    "idn-hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "iri": "https://example.com/",
    "uri-reference": "/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "json-pointer": "",
    "regex": ".*",
}
"""Values for documentation (RFC 2606, 5737, 3849): they name nobody's host."""

_WORDS: Final = (
    (re.compile(r"YYYY-MM-DDTHH:MM|ISO[ -]?8601 (?:date-?time|timestamp)", re.IGNORECASE), "2025-01-01T00:00:00Z"),
    (re.compile(r"YYYY-MM-DD|ISO[ -]?8601 date\b|ISO date\b", re.IGNORECASE), "2025-01-01"),
    (re.compile(r"YYYY-MM\b", re.IGNORECASE), "2025-01"),
    (re.compile(r"\bHH:MM:SS\b", re.IGNORECASE), "12:00:00"),
    (re.compile(r"\bHH:MM\b", re.IGNORECASE), "12:00"),
)
"""Formats that a description names, and a value of each."""

_BY_NAME: Final[Mapping[str, str]] = {
    **dict.fromkeys(("query", "q", "search", "keyword", "keywords", "term", "text", "message", "question"), "test"),
    **dict.fromkeys(("pattern", "phrase", "word", "sentence", "prompt"), "test"),
    **dict.fromkeys(("url", "uri", "link", "website"), "https://example.com/"),
    **dict.fromkeys(("domain", "host", "hostname"), "example.com"),
    **dict.fromkeys(("date", "day"), "2025-01-01"),
    **dict.fromkeys(("language", "lang", "locale"), "en"),
    **dict.fromkeys(("color", "colour", "foreground", "background"), "#000000"),
    **dict.fromkeys(("timezone", "tz"), "UTC"),
    **dict.fromkeys(("city", "location"), "Paris"),
    **dict.fromkeys(("symbol", "ticker"), "AAPL"),
    "country": "US",
    "currency": "USD",
    "email": "user@example.com",
    "html": "<p>test</p>",
    "markdown": "# test",
    "year": "2025",
}
"""Values that do for an argument of this name, or whose last word is this, of whatever tool."""

_FOR_PATTERNS: Final = ("1", "a", "A", "aa", "AA", "AAA", "aaaa", "2025", "2025-01", "12:00", "1.0.0", "#000000", "a/a")
"""Tried for a pattern, with the values for formats."""

_CUE: Final = re.compile(
    r"""(?:\be\.\s?g\.,?|\beg:|\bsuch\ as\b|\bfor\ example\b|\bexamples?:|\bex\.:?
        |\bone\ of\b|\beither\b|\bdefaults?\ to\b|\bdefault:|\bdefault\ is\b)[\s,:(\[]{0,3}
        (?: "(?P<double>[^"]{1,80})" | '(?P<single>[^']{1,80})' | `(?P<tick>[^`]{1,80})` | (?P<bare>[^\n]{1,120}) )""",
    re.VERBOSE | re.IGNORECASE,
)
_BARE_END: Final = re.compile(r"[,;)\]]|\.(?=\s|$)|\s(?:or|and|to|for|in|as|is|etc)\b|\s[-\u2013\u2014]")
_NO_EXAMPLE: Final = frozenset({"a", "an", "the", "this", "that", "when", "if", "etc"})


def example_in(description: Any) -> str | None:
    """The example that a description gives: the quoted text or the one word after `e.g.` or `such as`."""
    if not isinstance(description, str):
        return None
    for match in _CUE.finditer(description[:MAX_WORDS]):
        quoted = match["double"] or match["single"] or match["tick"]
        if quoted:
            return quoted
        bare = _BARE_END.split(match["bare"], maxsplit=1)[0].strip().strip("\"'`")
        if 0 < len(bare) <= _LONGEST and " " not in bare and bare.lower() not in _NO_EXAMPLE:
            return bare
    return None


def words_about(name: str, description: Any) -> str | None:
    """What the description of a tool says of one argument, on a line of its own, as under `Args:` in a docstring."""
    if not isinstance(description, str) or not 0 < len(name) <= _LONGEST:
        return None
    mark = "[`*]{0,2}"
    named = rf"^[ \t]{{0,20}}(?:[-*] )?{mark}{re.escape(name)}{mark} ?(?:\([^)\n]{{0,60}}\))?{mark} ?: ?(.{{1,400}})$"
    match = re.search(named, description[: 4 * MAX_WORDS], re.MULTILINE)
    return match[1].strip() if match else None


def typed(text: str, schema: Mapping[str, Any]) -> Any:
    """`text` as a value of the schema's type. Raises ValueError where it is none."""
    types = types_of(schema)
    if not types or "string" in types:
        return text
    if types & {"integer", "number"} and re.fullmatch(r"-?\d{1,15}", text):
        return int(text)
    if "number" in types and re.fullmatch(r"-?\d{1,15}\.\d{1,15}", text):
        return float(text)
    if "boolean" in types and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if types & {"array", "object"} and text[:1] in ("[", "{"):
        value = json.loads(text, parse_constant=_refuse)
        if ("array" if isinstance(value, list) else "object") in types:
            return value
    items = schema.get("items")
    if "array" in types and isinstance(items, dict) and "string" in types_of(items):
        return [text]
    raise ValueError(text)


def implied(schema: Mapping[str, Any], name: str) -> Any:
    """The value that format, pattern, bounds, type or name imply. Raises ValueError where nothing does."""
    types = types_of(schema)
    if "string" in types or not types:
        if (text := _FORMATS.get(str(schema.get("format")))) is not None:
            return text
        if not _names_a_thing(name) and (text := _matching(schema.get("pattern"))) is not None:
            return text
        described = str(schema.get("description"))[:MAX_WORDS]
        for form, text in _WORDS:
            if form.search(described):
                return text
        if "string" in types and (text := _for_name(name)) is not None:
            return text
    if types & {"integer", "number"}:
        return _number(schema)
    if "boolean" in types:
        return False
    if "array" in types and not _at_least(schema.get("minItems"), 1):
        return []
    if "object" in types and not schema.get("required") and not _at_least(schema.get("minProperties"), 1):
        return {}
    if "null" in types:
        return None
    raise ValueError


def _names_a_thing(name: str) -> bool:
    """Whether the argument names something that has to be there: a text of the right form is none."""
    return bool(words := _words_of(name)) and words[-1] in ("id", "ids", "key", "token", "cursor")


def _words_of(name: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name[:_LONGEST]).lower())


def _for_name(name: str) -> str | None:
    words = _words_of(name)
    return _BY_NAME.get("_".join(words), _BY_NAME.get(words[-1])) if words else None


def types_of(schema: Mapping[str, Any]) -> set[str]:
    """The names of types that a schema or one of its alternatives allows."""
    kind = schema.get("type")
    names = {name for name in (kind if isinstance(kind, list) else [kind]) if isinstance(name, str)}
    for key in ("anyOf", "oneOf"):
        branches = schema.get(key)
        for branch in branches[:20] if isinstance(branches, list) else ():
            if isinstance(branch, dict) and isinstance(branch.get("type"), str):
                names.add(branch["type"])
    return names


def _number(schema: Mapping[str, Any]) -> int:
    """A small whole number within the bounds. Raises ValueError where there is none."""
    low, high = _bound(schema, "inimum", least=True), _bound(schema, "aximum", least=False)
    value = max(1, low) if low is not None else 1
    step = schema.get("multipleOf")
    if isinstance(step, int) and not isinstance(step, bool) and step > 0:
        value = -(-value // step) * step
    if high is not None and value > high:
        value = high
    if (low is not None and value < low) or abs(value) > 10**15:
        raise ValueError
    return value


def _bound(schema: Mapping[str, Any], name: str, *, least: bool) -> int | None:
    """The smallest or greatest whole number that `minimum` or `maximum`, exclusive or not, allows."""
    found = []
    for key, exclusive in (("m" + name, False), ("exclusiveM" + name, True)):
        bound = schema.get(key)
        if isinstance(bound, int | float) and not isinstance(bound, bool) and math.isfinite(bound):
            whole = math.ceil(bound) if least else math.floor(bound)
            beside = whole == bound and exclusive
            found.append(whole + (1 if least else -1) * beside)
    return (max(found) if least else min(found)) if found else None


def _matching(pattern: Any) -> str | None:
    """A well-known text that the pattern allows."""
    if not isinstance(pattern, str):
        return None
    import jsonschema_rs

    try:
        allowed = jsonschema_rs.validator_for({"pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions())
    except (ValueError, jsonschema_rs.ValidationError):  # no pattern, or one that only backtracking can match
        return None
    return next((text for text in (*_FORMATS.values(), *_FOR_PATTERNS) if allowed.is_valid(text)), None)


def _at_least(bound: Any, least: int) -> bool:
    return isinstance(bound, int) and bound >= least


def _refuse(constant: str) -> Any:
    raise ValueError(constant)
