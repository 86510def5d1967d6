"""YAML to a frozen Config: all mistakes at once, secrets that never print."""
