"""`python -m prober` is `mcp-prober`."""

from prober.cli import main

if __name__ == "__main__":
    main()
