"""Tests: against real servers (`real/`), and against peers that misbehave on purpose (`peers/`)."""
