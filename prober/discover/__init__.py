"""A live server to a probe file with schemas: `look` at it, then `write` what was seen."""
