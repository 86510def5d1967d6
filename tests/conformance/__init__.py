"""The official conformance suite judges what the prober sends.

The suite starts a server for a scenario, runs `client.py` with its address, and checks every request that came.
"""
