"""Mutation testing of the pure rooms: small mistakes are put into the code, and the room's tests have to notice each.

rooms.py        which files are a room, and which tests judge it: the only place that knows paths
mutations.py    the mistakes that a syntax tree offers
trial.py        one mistake, tried in a process of its own
explained.py    mistakes that change nothing, from explained.toml: each with the reason why

python -m tests.mutants [ROOM ...] [--all]

mutmut 3 and cosmic-ray were tried first. mutmut changes function bodies only: it leaves out decorated functions, enums
and tables, which is all of `prober/outcome/reason.py` but one method, every rule of the contract comparison, and the
turns of the scheduler. cosmic-ray changes the checkout itself, starts an interpreter for every mutant, leaves texts
alone, and takes every `X | None` of an annotation for arithmetic. A forked process with one changed module needs
neither.
"""
