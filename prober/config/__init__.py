"""The language of configuration files: YAML -> frozen values, with all mistakes at once; secrets are never printed.

    root_schema                     the sections of a file
    targets, probes, notify         a section each
    kind, answer_checks             the declaration of a kind; the checks that several kinds share
    auth, tls, schedule_fields       parts of targets and probes
    mapping_schema, field_types     mappings with known keys; the types of their values
    unit_fields, file_fields, urls, cron   more types of values
    cursor, diagnostics             a value with its position; mistakes
    yaml_document, nodes            YAML text -> a tree of nodes with line numbers
    expansion, secret               `${…}`; texts that never print
    model                           the result: all values of a configuration
    markdown_reference              the language as Markdown

The loader, `prober.loader`, reads files with the kinds that exist.
"""

from __future__ import annotations

from prober.config.diagnostics import ConfigError, Mistake
from prober.config.model import Config
from prober.config.secret import Secret

__all__ = ["Config", "ConfigError", "Mistake", "Secret"]
