"""What each command does: a file each, named after its command. `contracts.py` has `pin` and `drift`."""
