"""Repeats the run of a stored failure, and says whether it still happens.

stored      a run as a report, the API of the daemon or its history keeps it
repeating   the probe that is run again: as it is configured now, with the arguments and the seed of then
differences where two answers differ
curl        the stored request as commands of curl, with variables where secrets belong
"""
