"""Whether a schema is one: the schemas of the drafts, compiled, and the library's own word where they are not.

The library takes some 20 ms for a schema of a hundred keywords, which a configuration of many probes, or a large schema
that a server declares, would make felt. Compiled, the two drafts that are in use take a thirtieth of that.
"""

from __future__ import annotations

from functools import cache

from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]

from prober.judge.dialects import Dialect
from prober.judge.keywords import Json
from prober.judge.mismatch import Mismatch
from prober.judge.quick import Check, NotSupported, compile_schema
from prober.judge.telling import most_telling


def first_flaw(schema: Json, dialect: Dialect) -> Mismatch | None:
    """A way in which a schema is not one of its draft; None if it is one."""
    # Formats are not asserted: the only one that matters here is that of patterns, and those are compiled anyway.
    quick = _compiled(dialect)
    if quick is None:
        return most_telling(dialect(dialect.META_SCHEMA).iter_errors(schema))
    fault = quick(schema)
    return fault.mismatch() if fault is not None else None


@cache
def _compiled(dialect: Dialect) -> Check | None:
    """The schema of a draft as a function, None where it uses more of JSON Schema than can be compiled."""
    meta = dict(dialect.META_SCHEMA)
    documents = {str(meta.get("$id", meta.get("id"))): meta}
    documents |= {uri: resource.contents for uri, resource in REGISTRY.items() if uri not in documents}
    base = next(iter(documents))
    try:
        return compile_schema(meta, documents=documents, base=base)
    except NotSupported:
        return None
