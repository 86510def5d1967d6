"""The arguments of each command, as Typer reads them. `prober.cli.commands` has what a command then does.

checking     run, check, judge, explain
writing      init, pin, drift, export
operating    daemon, drill, demo, reference
shared       arguments of several commands

Everything but Typer is imported inside the functions, so that `--help` costs no more than Typer itself.
"""
