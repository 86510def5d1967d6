"""Faults to switch on: each failure can be reproduced for a probe, an alert or a reader.

catalog.py   every fault: where it acts, what it does, the reason a probe must give
switches.py  which faults are on, and at what rate
faulty_store.py faults in shared state: a store around the real one
answers.py   faults in tool results and in the listing of tools: middleware of the MCP server
wire.py      faults on the wire: ASGI middleware around POST /mcp
control.py   GET and POST /debug/faults
"""
