"""Tells people of changes through Apprise, for those who have no Prometheus."""
