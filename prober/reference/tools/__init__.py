"""The MCP tools. Arguments are snake_case, results camelCase; `catalog.py` lists them all with what they do.

A file per theme registers its tools as closures over the shared parts; `registry.py` adds hints and explains errors.
"""
