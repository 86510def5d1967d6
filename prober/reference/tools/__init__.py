"""The MCP tools. Arguments are snake_case, results camelCase; `catalog.py` lists all tools and their traits.

Each theme's module registers its tools as closures over the Context; `registry.py` adds hints and explains errors.
"""
