"""Edges: the Traefiks that poll us, what each was given, and what each runs."""
