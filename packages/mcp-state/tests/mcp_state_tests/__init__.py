"""Tests of the parts alone, without a store unless a test says so. All of them together: tests/reference."""
