"""`python -m provider`."""

from provider.cli import main

main()
