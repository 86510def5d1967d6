"""Documents for people: what they say is compared with the code, and the commands that they print are run."""
