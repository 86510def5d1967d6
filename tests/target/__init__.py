"""The wire, from its smallest part to a whole session. `opening.py` opens sessions and wires as the engine does."""
