"""`python -m tests.dashboards.schema`: makes the JSON Schema of dashboards out of Grafana's own types.

Needs the packages of `render/`. What it writes is kept, so that the tests need neither them nor Node.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from tests.programs import program

HERE: Final = Path(__file__).parent
KEPT: Final = HERE / "dashboard.schema.json"
_RENDER: Final = HERE / "render"


def made() -> str:
    """The schema as it is kept: a definition a line, without the prose."""
    generator = _RENDER / "node_modules/.bin/ts-json-schema-generator"
    arguments = (
        "--path",
        "dashboard.ts",
        "--tsconfig",
        "tsconfig.json",
        "--type",
        "StrictDashboard",
        "--no-type-check",
    )
    done = subprocess.run(
        [program("node"), str(generator), *arguments],
        cwd=_RENDER / "schema",
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    schema = _without_prose(json.loads(done.stdout))
    definitions = ",\n".join(
        f"  {json.dumps(name)}: {json.dumps(definition, sort_keys=True, separators=(',', ':'))}"
        for name, definition in sorted(schema["definitions"].items())
    )
    head = f'"$ref": {json.dumps(schema["$ref"])},\n "$schema": {json.dumps(schema["$schema"])}'
    return f'{{\n {head},\n "definitions": {{\n{definitions}\n }}\n}}\n'


def _without_prose(value: Any) -> Any:
    """Without descriptions and defaults, which judge nothing. A property called so has an object."""
    if isinstance(value, dict):
        return {
            name: _without_prose(inner)
            for name, inner in value.items()
            if not (name == "description" and isinstance(inner, str)) and not (name == "default" and _is_plain(inner))
        }
    if isinstance(value, list):
        return [_without_prose(each) for each in value]
    return value


def _is_plain(value: object) -> bool:
    return not (isinstance(value, dict) and ("type" in value or "$ref" in value or "anyOf" in value))


if __name__ == "__main__":
    KEPT.write_text(made(), encoding="utf-8")
    sys.stdout.write(f"{KEPT.name}: {KEPT.stat().st_size} bytes\n")
