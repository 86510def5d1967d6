"""Tests of the Redis store, against real servers that the tests start, stop, kill, freeze and starve."""
