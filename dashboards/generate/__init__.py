"""Writes the dashboards: `python -m dashboards.generate` in the checkout. Plain Python, nothing of it is shipped.

language    what colours, numbers and words mean, the same on every dashboard
promql      the questions that several panels ask
panels      queries and panels as data; charts, figures and tables make them
variables, marks, links    what is around the panels
dashboard   all of it together, as Grafana imports it
fleet, target, state, itself    the four dashboards
"""
