"""Where `jsonschema-rs` and `jsonschema` differ in the official test suite, and what that means for a probe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Difference:
    """`where` is how the names of the tests begin. `in_loop` is whether the guard lets such schemas through."""

    drafts: frozenset[str]
    where: str
    in_loop: bool
    why: str


_SINCE_4: Final = frozenset({"draft4", "draft6", "draft7", "draft2019-09", "draft2020-12"})
_SINCE_2019: Final = frozenset({"draft2019-09", "draft2020-12"})
_REGEX: Final = "optional/ecmascript-regex: "
_NOT_IN_PYTHON: Final = (
    "Python's regular expressions do not know it, so jsonschema raises. An operator's schema with it is refused when "
    "it is loaded; by a server's, what fits passes and what does not is undecided."
)

DIFFERENCES: Final = (
    Difference(
        drafts=_SINCE_4,
        where=f"{_REGEX}ECMA 262 regex escapes control codes with \\c",
        in_loop=True,
        why=_NOT_IN_PYTHON,
    ),
    Difference(
        drafts=_SINCE_4, where=f"{_REGEX}patterns always use unicode semantics", in_loop=True, why=_NOT_IN_PYTHON
    ),
    Difference(drafts=_SINCE_4, where=f"{_REGEX}pattern with non-ASCII digits", in_loop=True, why=_NOT_IN_PYTHON),
    Difference(
        drafts=_SINCE_4, where=f"{_REGEX}patternProperties with non-ASCII digits", in_loop=True, why=_NOT_IN_PYTHON
    ),
    Difference(
        drafts=_SINCE_2019,
        where="optional/dependencies-compatibility: ",
        in_loop=False,
        why="jsonschema-rs still asserts `dependencies` of draft 7; these drafts leave it to each implementation.",
    ),
    Difference(
        drafts=_SINCE_2019,
        where="vocabulary: schema that uses custom metaschema",
        in_loop=False,
        why="jsonschema does not know vocabularies. A `$schema` that is no draft is refused when a schema is loaded.",
    ),
    Difference(
        drafts=frozenset({"draft7"}),
        where="optional/content: ",
        in_loop=False,
        why="jsonschema-rs asserts `contentMediaType` and `contentEncoding`; to jsonschema they are annotations.",
    ),
)
