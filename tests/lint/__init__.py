"""Tests of the rules of clients, and of what looks at a list of tools by them."""
