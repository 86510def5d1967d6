"""Whether an answer is as it should be: JSON Schemas, expectations, the shapes of MCP results. No network, no files.

checks             the checks of one answer, in order; the first that fails is the finding
judge              judges cases: at once where that takes a few milliseconds, else in a worker process
worker_process     one such process from outside; `worker_protocol` is what goes there, `__main__` the other end

schema             a JSON Schema, loaded once; `references` follows what it refers to, `keywords` knows what is in it
schema_cost        what a schema may cost in the event loop; `size` is how much there is in a value
schema_libraries   the two implementations of JSON Schema, asked so that both mean the same
best_match         of all that jsonschema finds wrong, what tells a person most, as a `mismatch`
result_shapes      what MCP calls a result, from `result_shapes.json`

expectations       JSONPath expectations; with `jsonpath`, `matchers`, and `pattern_cost` for their regular expressions
selection          the nodes that a path selects, wanted as values
"""
