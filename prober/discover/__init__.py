"""From a live server to a probe file with schemas.

survey.py             what the server is and offers, and how its read-only tools answer
arguments.py          arguments with which a tool can be called
schema_inference.py   a schema for a tool's answers
probe_file.py         a survey becomes files
naming.py             names of servers and tools become names of targets, probes and files
yaml_emit.py          JSON values of servers become YAML on one line
"""
