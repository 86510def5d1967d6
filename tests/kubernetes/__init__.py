"""deploy/kubernetes: what kustomize and Helm make of it, held against Kubernetes' own schemas and run for real.

programs.py    helm and kubectl
objects.py     the objects of an overlay or of the chart
schemas.py     what the objects may be: schemas of Kubernetes and of the Prometheus Operator
scraping.py    what the Operator makes of a Probe: the configuration of a Prometheus
"""
