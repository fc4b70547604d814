"""Work that is long to compute, done apart from the process that answers polls."""
