"""The commands of all nouns, from their declarations. What one noun has alone is in `objects`."""
