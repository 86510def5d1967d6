"""The daemon over HTTP: metrics, probes on scrape, a status page, an API."""
