"""The wire, from its smallest part to a whole session. `opening.py` opens sessions as the engine does."""
