"""Whether an answer is as it should be: JSON Schemas, expectations, the shapes of MCP results. No network, no files.

checks           the checks of one answer, in order; the first that fails is the finding, a `mismatch`
judge            judges cases: at once where that takes a few milliseconds, else in a process of `worker`
json_schema      JSON Schemas: what they refer to, what they may cost, whether a value fits
result_shapes    what MCP calls a result, from `result_shapes.json`
expectations     JSONPath expectations; with `jsonpath` and `matchers`
selection        the nodes that a path selects, wanted as values
turns            makes much of something in turns with other tasks
"""
