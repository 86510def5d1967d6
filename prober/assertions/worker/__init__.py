"""Worker processes, which do what could hold up the event loop.

pool       the processes of one module: who has one, and when
process    one of them, seen from outside
frames     what both sides need
__main__   the process that judges, with `protocol`: what goes there and comes back
"""
