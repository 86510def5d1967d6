"""Tests of the companion reference server."""
