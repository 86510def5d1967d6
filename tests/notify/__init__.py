"""Notifications: the rules (test_incidents.py), the words (test_message.py), and real ones to a receiver over HTTP.

results.py    runs of probes, by a word each
receiver.py   who is notified: what it got, and how it behaves badly
"""
