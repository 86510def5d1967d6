"""What is paged for each trouble: all side by side on real parts, with every time constant divided by one factor.

front.py       what stands before a reference server and misbehaves as proxies, networks and crashes do
parts.py       the processes: reference servers, daemons, two Prometheus servers, an Alertmanager, a receiver
probes.py      the probes of each target
troubles.py    each trouble: how it begins and ends, and which page it should be
pages.py       what the receiver was told of a trouble, as values
document.py    pages.md

`python -m tests.alerts.pages` runs it in about sixteen minutes and writes pages.md.
"""
