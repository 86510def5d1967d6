"""The header User-Agent: who asks, and where to complain."""

from __future__ import annotations

from prober import __version__


def user_agent(contact: str) -> str:
    """Where nobody can be complained to, the name alone."""
    return f"mcp-prober/{__version__} (+{contact})" if contact else "mcp-prober"
