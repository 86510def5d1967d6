"""OpenTelemetry: each run as a span, its exchanges as children, and metrics, sent by OTLP. The extra `otel`.

environment.py  what the OTEL_ variables of the environment ask for; what they must not say
spans.py        the spans of an outcome
measures.py     the metrics that runs are counted and timed by
exporting.py    exporters that report when they begin and cease to fail
telemetry.py    Telemetry: the Sink that makes and exports all this; `open_telemetry` builds it

Nothing is imported here: who does not ask for it does not pay for it.
"""
