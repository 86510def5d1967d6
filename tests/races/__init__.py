"""Races against servers that are right, wrong in a known way, or not fit for one.

reference.py        the reference server as a process, its faults switched over HTTP
test_reference.py   every race fault is found by the shipped probe for it; without a fault all pass
instances.py        three of them on one Redis, behind one address
test_redis.py       they pass as well
test_real.py        public servers: one loses writes, one does not
test_driver.py      rounds, cleanup, unknown outcomes, races that are none
test_command.py     seed, trace, judging again, the timeline
bench.py            the same, many times: python -m tests.races.bench
"""
