"""The long-running prober as a whole, as a process of its own."""
