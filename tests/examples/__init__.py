"""The example servers in other languages: they keep the contract of `mcp_state`, and lose nothing."""
