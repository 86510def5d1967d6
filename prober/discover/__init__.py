"""Looks at a live server and writes a probe file with schemas and a contract for it.

survey.py             lists the server, calls its read-only tools; surveyed.py has the values that come of it
listing.py            reads the lists, one after the other
calls.py              calls tools; disguised_error.py recognizes an answer that is an error
arguments.py          finds arguments for a tool in its input schema; sample_values.py those that the schema implies
identifiers.py        finds arguments in the answers of other tools; named_paths.py in the command of the server
schema_inference.py   finds a schema for the answers of a tool
writable.py           says whether a value of the server may be written to a file
probe_file.py         turns a survey into files; templates.py into comments for a person to complete
quick_probes.py       makes probes that are run once and written nowhere
update.py             adds what is new to a file that is there
naming.py             turns names of servers and tools into names of targets, probes and files
yaml_emit.py          writes JSON values of servers as YAML on one line
"""
