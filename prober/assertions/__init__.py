"""Pure judging: JSON Schema, expectations, contracts. No network, no clock, no configuration files.

judgement       one answer: a case of checks, the first that fails is the finding
worker          judges cases without holding up the event loop; `process`, `wire` and `__main__` are its other end
effort, weight  what judging may cost, known before it begins

schema          JSON Schemas, loaded and asked; with `dialects`, `keywords`, `references`, `soundness`, `formats`
passing         whether a value fits a simple schema, without the library, as for most it does; with `inside`
telling         of all errors the one that tells most; `mismatch` is how every room says it
expect          JSONPath expectations; with `path` and `demands`
shapes          what MCP calls a result, from `shapes.json`; with `quick…` and `fault`, which compile schemas

contract        what a server offers, and what changed in it
compatibility   whether one schema can stand in for another; with `…_rules`, `alternatives`, `pairing`, `change`
"""
