"""The pages of docs/ that are made of what the code declares; `python -m docs.generate` writes them.

configuration.md   every key of a configuration file (`prober.loader.reference`), with the examples of docs/examples
kinds.md           every kind with its `example.yaml`, keys, reasons
metrics.md         every metric family
commands.md        every command with its options
patterns.md        excerpts of the code; the rest of that page is written by hand
"""
