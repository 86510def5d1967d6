"""The language of configuration files: how YAML becomes frozen values, all mistakes at once, secrets never printed.

The modules, from the outside in: `root_schema` is the top of a file, `targets` and `probes` its sections, `kind` is
what a kind of probe declares, `checks` what several kinds share. `mapping_schema` and `field_types` say how values are
written, `cursor` where they stand; `yaml_document` turns YAML into a tree of `nodes`; `diagnostics` are the mistakes.
`model` is what comes out. The loader, `prober.loader`, puts files and kinds together.
"""

from __future__ import annotations

from prober.config.diagnostics import ConfigError, Mistake
from prober.config.model import Config
from prober.config.secret import Secret

__all__ = ["Config", "ConfigError", "Mistake", "Secret"]
