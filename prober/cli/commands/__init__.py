"""A module for each command that is more than a call, named after it; `contracts.py` has `pin` and `drift`."""
