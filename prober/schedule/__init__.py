"""Runs probes when they are due."""
