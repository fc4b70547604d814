"""What Traefik would make of files: refuse, disable, decide at random, ignore, or accept in vain. Pure."""

from provider.linting.findings import Consequence, LintFinding, LintLevel
from provider.linting.looking import find
