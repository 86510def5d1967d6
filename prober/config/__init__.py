"""The language of configuration files: YAML -> frozen values, with all mistakes at once; secrets are never printed.

    root_schema                 the sections of a file
    targets, probes, notify     a section each
    kind, answer_checks         the declaration of a kind; the checks that several kinds share
    auth, tls                   parts of a target
    fields                      the types of fields, and mappings of them
    document                    YAML text -> a tree with line numbers; mistakes; `${…}`
    model                       the result: all values of a configuration
    markdown_reference          the language as Markdown

The loader, `prober.loader`, reads files with the kinds that exist.
"""

from __future__ import annotations

from prober.config.document.diagnostics import ConfigError, Mistake
from prober.config.fields.secret import Secret
from prober.config.model import Config

__all__ = ["Config", "ConfigError", "Mistake", "Secret"]
