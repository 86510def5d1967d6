"""A second opinion: the official SDK client against the same server. sdk_stdio starts the process for it."""
