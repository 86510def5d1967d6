"""Which clients and models can use the tools that a server lists, by rules that are dated data.

rules.json       the clients and the rules: what each client refuses or cuts, who says so, and since when
rules            reads them
offer            a list of tools as a server gave it, prepared to be looked at
names, schemas,  what a rule can check, by the name that the data calls it
strict, totals
hit              what a check finds in one place
checks           the table of them
linting          the findings of an offer, and what they mean for each client
weight           how many bytes and tokens the tools take of a model's context
"""
