"""A small part of JSON Schema, compiled to functions: for schemas that ship with this package or its libraries.

A hundred times faster than the general validator, which judges everything else. It reads the shapes of MCP results and
the schemas of the drafts, and with the keywords of `prober.assertions.passing` what others wrote; a keyword that it
does not know is refused when it compiles, never skipped. Formats are annotations. Recursion is Python's own: an
instance nested too deeply raises RecursionError.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urldefrag, urljoin

from prober.assertions.inside import inside
from prober.assertions.quick_keywords import MAKERS, Maker, NotSupported, all_of, anything
from prober.assertions.violation import Check, Fault
from prober.json_values import Json

__all__ = ["Check", "Fault", "NotSupported", "compile_schema"]

_SILENT: Final = frozenset(
    {
        "$schema",
        "$id",
        "id",
        "$vocabulary",
        "$comment",
        "$dynamicAnchor",
        "$defs",
        "definitions",
        "title",
        "description",
    }
    | {"default", "deprecated", "readOnly", "writeOnly", "examples"}
)


def compile_schema(
    schema: Json, *, documents: Mapping[str, Json], base: str = "", makers: Mapping[str, Maker] = MAKERS
) -> Check:
    """A check of all that `schema` asks for. References lead into `documents`, by URI; `base` is the schema's own.

    `makers` are the keywords that are known.

    Raises:
        NotSupported: a keyword that is not known, a reference that leads nowhere.
    """
    return _Compiler(documents, makers).check(schema, base)


class _Compiler:
    """One compilation; references are compiled once each."""

    def __init__(self, documents: Mapping[str, Json], makers: Mapping[str, Maker]):
        self.documents = documents
        self.makers = makers
        self.made: dict[str, Check] = {}

    def check(self, schema: Json, base: str) -> Check:
        if schema is True or schema == {}:
            return anything
        if schema is False:
            return lambda value: Fault("false", "nothing", value)
        checks = []
        for keyword, value in schema.items():
            if keyword in _SILENT or (keyword == "additionalProperties" and "properties" in schema):
                continue
            make = self.makers.get(keyword)
            if make is None:
                raise NotSupported(f"keyword {keyword}")
            checks.append(make(self, value, schema, base))
        return all_of(checks)

    def reference(self, reference: str, base: str) -> Check:
        """What a reference means; compiled once, and bound late, because it may be inside itself."""
        uri = urljoin(base, reference)
        if uri not in self.made:
            self.made[uri] = lambda value: bound[0](value)
            document, fragment = urldefrag(uri)
            bound = [self.check(self._find(document, fragment), document)]
            self.made[uri] = bound[0]
        return self.made[uri]

    def outermost(self) -> Check:
        """The check of the first document."""
        return self.reference(next(iter(self.documents)), "")

    def resolved(self, schema: Json, base: str) -> Json:
        """A schema, or the one that it does nothing but refer to."""
        if isinstance(schema, dict) and schema.keys() == {"$ref"}:
            document, fragment = urldefrag(urljoin(base, schema["$ref"]))
            return self._find(document, fragment)
        return schema if isinstance(schema, dict) else {}

    def _find(self, document: str, fragment: str) -> Json:
        found = inside(self.documents.get(document), f"#{fragment}")
        if not isinstance(found, dict | bool):
            raise NotSupported(f"reference to {document}#{fragment}")
        return found
