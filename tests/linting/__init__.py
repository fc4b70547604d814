"""Tests of what is told of files."""
