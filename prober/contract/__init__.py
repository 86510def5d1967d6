"""What a server offers, and whether a change of it breaks callers. Pure: no network, no clock.

contract        a server's tools, prompts and resources as one JSON document, and the changes between two of them
compatibility   whether one schema can stand in for another; `compatibility_rules` has the rule of each keyword
normalize       a schema as a list of alternatives, each of one type; `alternative_pairs` pairs those of two schemas
change          one change, and how bad it is
"""
