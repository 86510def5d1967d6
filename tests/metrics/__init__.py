"""Tests of the metrics room: counting, the page, and that the page is what prometheus_client would write."""
