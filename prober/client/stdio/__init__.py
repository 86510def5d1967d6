"""The stdio transport: a server that is a child process.

stdio_transport     one JSON-RPC message a line
process             the child process, in a group of its own
spawning            how it is started, and why it could not be
guardian            a script that runs between the two on Linux: ends whatever the server leaves running
startup             the time that a process has until its first answer
"""
