"""Whether a schema is one: the schemas of the drafts, compiled, and the library's own word where they are not.

The library takes some 20 ms for a schema of a hundred keywords, which a configuration of many probes, or a large schema
that a server declares, would make felt. Compiled, the two drafts that are in use take a thirtieth of that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from prober.assertions.best_match import most_telling
from prober.assertions.dialects import Dialect
from prober.assertions.mismatch import Mismatch
from prober.assertions.quick import Check, NotSupported, compile_schema
from prober.json_values import Json


def first_flaw(schema: Json, dialect: Dialect) -> Mismatch | None:
    """A way in which a schema is not one of its draft; None if it is one."""
    # Formats are not asserted: the only one that matters here is that of patterns, and those are compiled anyway.
    quick = _compiled(dialect)
    if quick is None:
        return most_telling(dialect.validator(dialect.validator.META_SCHEMA).iter_errors(schema))
    fault = quick(schema)
    return fault.mismatch() if fault is not None else None


@cache
def _compiled(dialect: Dialect) -> Check | None:
    """The schema of a draft as a function, None where it uses more of JSON Schema than can be compiled."""
    documents = _documents(dialect)
    if dialect.uri not in documents:
        return None
    try:
        return compile_schema(documents[dialect.uri], documents=documents, base=dialect.uri)
    except NotSupported:
        return None


def _documents(dialect: Dialect) -> Mapping[str, Json]:
    """The schema of a draft and those that it is made of, by URI, its own first; none where they are not to be found.

    They are read from the files of the package that the library takes them from, which when it is imported reads those
    of all drafts, with yet another library.
    """
    package = find_spec("jsonschema_specifications")
    if package is None or not package.submodule_search_locations:
        return {}
    folder = Path(package.submodule_search_locations[0], "schemas", dialect.name)
    files = [*folder.glob("metaschema.json"), *folder.glob("vocabularies/*")]
    found = [json.loads(file.read_bytes()) for file in files]
    return {str(document[dialect.identity]).removesuffix("#"): document for document in found}
