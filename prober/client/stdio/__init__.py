"""The stdio transport: a server that is a child process.

stdio_transport     one JSON-RPC message a line
process             the child process, in a group of its own
startup             the time that a process has until its first answer
"""
