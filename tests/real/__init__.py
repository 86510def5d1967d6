"""Real servers, started as their users start them: see `servers.py`; fixtures are in `conftest.py`."""
