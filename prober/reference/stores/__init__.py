"""Where shared state lives: one protocol (`protocol.py`), its values and errors, and a file per store.

Constructors differ, behaviour does not: `tests/reference/test_stores.py` is the one suite for all of them.
"""
