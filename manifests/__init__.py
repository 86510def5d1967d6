"""Writes what Kubernetes gets of the alerts, the dashboards and the example configuration: `python -m manifests`.

monitoring.py        rules, dashboards and the scrape of the daemon itself: alerts/, dashboards/, deploy/prometheus.yml
probe_resources.py   a Probe of the Prometheus Operator for each probe of a configuration
"""
