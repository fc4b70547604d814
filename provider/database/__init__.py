"""The database: one SQLite file."""
