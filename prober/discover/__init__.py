"""A live server to a probe file with schemas.

look.py                    what the server is and offers, and how its read-only tools answer
arguments.py schema.py     arguments to call a tool with, a schema for its answers
write.py                   what was seen becomes files
names.py flow.py           what strangers call their things becomes names and YAML of ours
"""
