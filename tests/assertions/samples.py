"""Schemas that several tests judge by."""

from __future__ import annotations

from typing import Any

STEP = {
    "type": "object",
    "required": ["id", "name"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "integer", "minimum": 0},
        "name": {"type": "string", "pattern": "^[a-z][a-z0-9-]*$"},
        "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        "note": {"anyOf": [{"type": "string", "maxLength": 500}, {"type": "null"}]},
    },
}
WORKFLOW = {
    "type": "object",
    "properties": {"steps": {"type": "array", "items": {"$ref": "#/$defs/step"}}},
    "$defs": {"step": STEP},
}


def doubling(levels: int) -> dict[str, Any]:
    """A schema of a few lines that applies 2^levels schemas to its instance."""
    definitions: dict[str, Any] = {
        f"d{level}": {"allOf": [{"$ref": f"#/$defs/d{level + 1}"}, {"$ref": f"#/$defs/d{level + 1}"}]}
        for level in range(levels)
    }
    return {"$ref": "#/$defs/d0", "$defs": definitions | {f"d{levels}": {"type": "integer"}}}
