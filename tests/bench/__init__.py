"""`make bench`: what the prober costs, side by side with what one would use instead, in one run.

Ratios of medians over interleaved rounds: single times on a shared machine mean nothing.
"""
