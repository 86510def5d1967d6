"""Middleware that counts and times the tool calls of a server, a module for each framework; and the page of metrics.

sdk.py      the official SDK: `pip install mcp-shared-state[mcp]`
fastmcp.py  FastMCP: `pip install mcp-shared-state[fastmcp]`
page.py     the page, of either
"""
