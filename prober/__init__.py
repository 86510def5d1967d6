"""mcp-prober: probe MCP servers as an agent sees them, judge every answer, say which step failed and why."""

__version__ = "0.1.0"
