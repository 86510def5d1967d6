"""What was found, kept in SQLite."""
