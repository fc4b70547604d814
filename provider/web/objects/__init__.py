"""What pages show of one noun alone, a module each: the general pages of `nouns` take it in by its kind."""
