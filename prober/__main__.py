"""`python -m prober` is `mcp-prober`."""

import os
import signal


def main() -> None:
    """Entry point of `mcp-prober`. An interruption ends it without a word also while it imports what it needs."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # else who started us does not want us to be interrupted
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    from prober.cli import main as run

    signal.signal(signal.SIGINT, before)
    run()


if __name__ == "__main__":
    main()
