"""mcp-prober: probe MCP servers as an agent sees them, judge every answer, say which step failed and why.

    config = prober.load("probes")
    outcome = await prober.run_probe(config, "notes-search")

The names below are the whole of the library; `library` has its functions. Each is imported when it is first used.

PYTEST_DONT_REWRITE: pytest takes the package for a plugin and would warn of a program that imports it before pytest.
"""

__version__ = "0.1.0"

TYPE_CHECKING = False  # what type checkers take for true; `typing` takes longer to import than all of this
if TYPE_CHECKING:
    from prober.config.document.diagnostics import ConfigError, Mistake
    from prober.config.fields.secret import Secret
    from prober.config.model import Config, Probe, Target
    from prober.library import load, run_probe, run_probes
    from prober.outcome import Evidence, Exchange, Family, Outcome, Phase, Reason, ServerInfo, Verdict

__all__ = [
    "Config",
    "ConfigError",
    "Evidence",
    "Exchange",
    "Family",
    "Mistake",
    "Outcome",
    "Phase",
    "Probe",
    "Reason",
    "Secret",
    "ServerInfo",
    "Target",
    "Verdict",
    "__version__",
    "load",
    "run_probe",
    "run_probes",
]

_HOMES = {
    "prober.config.document.diagnostics": ("ConfigError", "Mistake"),
    "prober.config.model": ("Config", "Probe", "Target"),
    "prober.config.fields.secret": ("Secret",),
    "prober.library": ("load", "run_probe", "run_probes"),
    "prober.outcome": ("Evidence", "Exchange", "Family", "Outcome", "Phase", "Reason", "ServerInfo", "Verdict"),
}


if not TYPE_CHECKING:  # a type checker that saw it would take every name for one that is there

    def __getattr__(name):
        from importlib import import_module

        for home, names in _HOMES.items():
            if name in names:
                value = globals()[name] = getattr(import_module(home), name)
                return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__():
        return sorted({*globals(), *__all__})
