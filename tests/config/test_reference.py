"""The page of the configuration for people says what the code reads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from prober.loader import json_schema, reference

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_committed_page_is_the_one_that_the_code_makes() -> None:
    made = reference()
    again = "python -c 'from prober.loader import reference; print(reference(), end=\"\")' > docs/configuration.md"
    assert PAGE.read_text(encoding="utf-8") == made, f"make the page anew: {again}"


def test_every_key_of_the_schema_for_editors_is_on_the_page_with_its_meaning() -> None:
    page = reference()
    told = set(re.findall(r"^(?:\||##) `(?:[^`]*[.\]])?([a-z_]+)`", page, re.MULTILINE))
    for name, stated in keys(json_schema()):
        assert name in told, name
        assert stated["description"].replace("|", r"\|") in page, name


def test_what_is_required_and_what_holds_by_default_is_told() -> None:
    page = reference()
    assert "| `probes.NAME.target` | the name of a target | required | The name of a target" in page
    assert "| `probes.NAME.timeout` | a duration such as 5s | `10s` | The deadline of one run" in page
    assert "| `targets.NAME.concurrency` | a whole number from 1 to 1,000 | `2` | How many" in page


def keys(schema: Any) -> list[tuple[str, Any]]:
    """Every key that the schema declares with a description, at any depth."""
    found: list[tuple[str, Any]] = []
    if isinstance(schema, dict):
        properties = schema.get("properties", {})
        found += [(name, stated) for name, stated in properties.items() if "description" in (stated or {})]
        found += [each for below in schema.values() for each in keys(below)]
    if isinstance(schema, list):
        found += [each for below in schema for each in keys(below)]
    return found
