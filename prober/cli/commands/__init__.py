"""One file for each command, named after it. `contracts.py` has `pin` and `drift`."""
