"""The worker process that judges what could hold up the event loop: `process` sees it from outside, `__main__` is it.

`protocol` is what goes there and comes back.
"""
