"""What was found, as Prometheus families."""
