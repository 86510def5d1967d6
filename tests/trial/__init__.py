"""The trial: servers as people install them from npm and PyPI, probed as a newcomer probes them.

`make trial` installs each server of `servers.toml` at its pinned version. For each it runs `init`, `run` twice,
`drift`, and `run` once more in the handshake era, at default settings. Each red result is held against a raw exchange
that shares no code with the prober (`raw.py`). `results.md` is the table, written by the trial itself.

servers        the table of servers, and how one is started
installing     each package into a folder of its own below .trial
rounds         what is done with one server
raw            a conversation with a server in plain JSON, over stdio or HTTP
proof          whether a red result is true
table          results as Markdown
clients        which clients can use the servers, by the rules of `mcp-prober lint`: `clients.md`
"""
