"""Pure judging: JSON Schema, expectations, contracts. No network, no clock, no configuration files."""
