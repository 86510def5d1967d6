"""JSON Schema: loaded once, bounded, judged by two implementations.

schema               a JSON Schema of an operator or a server, asked whether a value fits, and if not, why
references           follows what it refers to; keywords: knows what is in it; dialects: which draft
schema_cost          what a schema costs at each place of an instance; bound: how much of one may be judged in the
                     event loop; pattern_cost: a regular expression
schema_libraries     the two implementations, asked so that both mean the same; formats, ecma_patterns
best_match           of all that jsonschema finds wrong, what tells a person most
"""
