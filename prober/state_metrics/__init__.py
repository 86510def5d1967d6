"""Judges the page of metrics of a server that exports `mcp_state_*` and `mcp_tool_*`. No network, no clock.

families    what such a server exports, as `families.json` of the package `mcp_state` says it
page        a page of metrics, taken apart
judging     what is wrong with a page, and what is missing
movement    how far counters have to move for what was done, and whether they did
"""
