"""What Traefik would make of files: refuse, disable, leave to chance, ignore, or take and break on. Pure."""

from provider.linting.findings import Consequence, LintFinding, LintLevel
from provider.linting.looking import Looked, find

__all__ = ["Consequence", "LintFinding", "LintLevel", "Looked", "find"]
