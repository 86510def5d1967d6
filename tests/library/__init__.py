"""The prober as a library and as a plugin of pytest, against the reference server."""
