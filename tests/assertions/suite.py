"""The official JSON-Schema-Test-Suite: https://github.com/json-schema-org/JSON-Schema-Test-Suite.

    python -m tests.assertions.suite

fetches it from the source distribution of `jsonschema`, which brings it along; `make setup` does so. It is not kept in
this repository.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from prober.assertions.json_schema.dialects import DIALECTS, Dialect

FOLDER: Final = Path(__file__).parent / "json-schema-test-suite"
SOURCE: Final = "jsonschema==4.26.0"

DRAFTS: Final[Mapping[str, Dialect]] = {
    "draft2020-12": DIALECTS["https://json-schema.org/draft/2020-12/schema"],
    "draft2019-09": DIALECTS["https://json-schema.org/draft/2019-09/schema"],
    "draft7": DIALECTS["http://json-schema.org/draft-07/schema"],
    "draft6": DIALECTS["http://json-schema.org/draft-06/schema"],
    "draft4": DIALECTS["http://json-schema.org/draft-04/schema"],
    "draft3": DIALECTS["http://json-schema.org/draft-03/schema"],
}


@dataclass(frozen=True, kw_only=True)
class Example:
    """One test of the suite: whether `instance` is valid by `schema`; `asserts` tells whether formats count."""

    name: str
    schema: Any
    instance: Any
    valid: bool
    asserts: bool


def examples(draft: str) -> Iterator[Example]:
    """All tests of a draft, the optional ones too."""
    folder = FOLDER / "tests" / draft
    for file in sorted(folder.rglob("*.json")):
        where = file.relative_to(folder).with_suffix("").as_posix()
        for group in json.loads(file.read_text()):
            schema = group["schema"]
            if isinstance(schema, dict) and "$schema" not in schema:
                schema = {"$schema": DRAFTS[draft].uri, **schema}
            for test in group["tests"]:
                yield Example(
                    name=f"{where}: {group['description']}: {test['description']}",
                    schema=schema,
                    instance=test["data"],
                    valid=test["valid"],
                    asserts=where.startswith("optional/format/"),
                )


@cache
def remotes(draft: str) -> Mapping[str, Any]:
    """The documents that the tests of a draft refer to, by URI: those of all drafts, and those of this one."""
    folder = FOLDER / "remotes"
    paths = [file.relative_to(folder) for file in sorted(folder.rglob("*.json"))]
    others = {name for name in (*DRAFTS, "v1") if name != draft}
    return {
        f"http://localhost:1234/{path.as_posix()}": json.loads((folder / path).read_text())
        for path in paths
        if path.parts[0] not in others
    }


def fetch() -> None:
    """Fetch the suite if it is not there."""
    if FOLDER.is_dir():
        return
    with TemporaryDirectory(dir=FOLDER.parent) as scratch:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "jsonschema"]
        subprocess.run([*command, "--dest", scratch, SOURCE], check=True)
        (archive,) = Path(scratch).glob("*.tar.gz")
        with tarfile.open(archive) as opened:
            opened.extractall(scratch, filter="data")
        (suite,) = Path(scratch).glob("*/json")
        suite.rename(FOLDER)


if __name__ == "__main__":
    fetch()
