"""The status page: its words, its drawings, what is sent, and what it looks like in a browser."""
