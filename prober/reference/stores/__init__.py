"""Stores of shared state: one protocol (`protocol.py`), its values and errors, and a module for each store.

Stores differ in their constructors only: `tests/reference/test_stores.py` is one suite for all of them.
"""
