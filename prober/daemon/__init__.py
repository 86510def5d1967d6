"""The long-running prober as a value: build, start, reload, drain, stop."""
