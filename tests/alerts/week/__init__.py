"""A week of fifty healthy servers in a few minutes: nobody is called."""
