"""Proves a pipeline: each fault injected, seen by a probe, counted, and alerted."""
