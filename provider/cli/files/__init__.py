"""Files that are applied and imported, read with the place of everything."""
