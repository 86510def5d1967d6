"""Failures to switch on, so that a probe, an alert or a reader can see each of them happen.

catalog.py   every fault: where it acts, what it does, the reason a probe must give
switches.py  which faults are on, how often they strike
state.py     those in shared state: a store around the real one
answers.py   those in answers and in the listing of tools: middleware of the MCP server
wire.py      those on the wire: ASGI middleware around POST /mcp
control.py   GET and POST /debug/faults
"""
