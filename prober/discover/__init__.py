"""Looks at a live server and writes a probe file with schemas for it.

survey.py             lists the server, calls its read-only tools
arguments.py          finds arguments for a tool in its input schema
schema_inference.py   finds a schema for the answers of a tool
probe_file.py         turns a survey into files
quick_probes.py       makes probes that are run once and written nowhere
naming.py             turns names of servers and tools into names of targets, probes and files
yaml_emit.py          writes JSON values of servers as YAML on one line
"""
