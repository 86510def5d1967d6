"""The judges of histories against brute force.

search.py       is there any right order? All are tried
world.py        random histories of a simulated server, right or with a bug
exhaustive.py   many of them, counted: python -m tests.consistency.exhaustive --histories 100000
"""
