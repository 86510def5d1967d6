"""The judges of traces against brute force.

search.py       is there any right order? All are tried
world.py        random traces of a simulated server, right or with a bug
exhaustive.py   many of them, counted: python -m tests.consistency.exhaustive --traces 100000
"""
