"""What came of an import, as people and programs are told."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import starmap
from typing import Any, Final

from provider import imports
from provider.cli.output import Output
from provider.documents import File
from provider.imports import Imported, ImportFinding, ImportOutcome
from provider.nouns import NOUNS

_NAMED: Final = 3
"""How many objects with the same reason are named."""

_HEADINGS: Final = {
    ImportOutcome.LEFT_OUT: "Left out",
    ImportOutcome.CHANGED: "Imported with changes",
    ImportOutcome.RECOGNISED: "Nothing to import",
}


def told(source: File, found: Imported, files: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what programs are told of it, with what they are told of its files."""
    findings = [asdict(finding) | {"place": source.place(finding.place)} for finding in found.findings]
    for finding in findings:
        del finding["causes"]
    renamed = [asdict(renamed) for renamed in found.renamed]
    counts = {kind: {"taken": held, "given": given} for kind, (held, given) in found.counts.items()}
    return {"import": {"counts": counts, "files": files, "findings": findings, "renamed": renamed}}


def tell(output: Output, source: File, found: Imported, *, is_api: bool) -> None:
    for outcome, heading in _HEADINGS.items():
        listed = [finding for finding in found.findings if finding.outcome is outcome]
        if listed:
            rows = [(_named(each), each[0].reason, source.place(each[0].place)) for each in _alike(listed)]
            output.table([f"{heading} ({len(listed):,})", "Why", "Where"], rows)
            output.line()
    rewritten = [each for each in found.findings if each.outcome is ImportOutcome.REWRITTEN]
    if rewritten:
        rows = [(each.before, each.after, source.place(each.place)) for each in rewritten]
        output.table([f"For Traefik 2 ({len(rewritten):,})", "For Traefik 3", "Where"], rows)
        output.line()
    if found.renamed:
        output.table(["Name there", "Name here"], [(f"{each.kind} {each.given}", each.name) for each in found.renamed])
        output.line()
    if found.counts:
        output.line(f"Taken over: {', '.join(starmap(_count, found.counts.items()))}.")
        output.line()
    if is_api:
        output.line(f"Traefik's API does not report {imports.NOT_TOLD}: look for them in its files.")


def _alike(findings: Sequence[ImportFinding]) -> list[list[ImportFinding]]:
    """Put findings together that say the same of objects of one kind."""
    found: dict[tuple[str, str], list[ImportFinding]] = {}
    for each in findings:
        found.setdefault((each.kind, each.reason), []).append(each)
    return list(found.values())


def _named(alike: Sequence[ImportFinding]) -> str:
    names = list(dict.fromkeys(each.name for each in alike))
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"{alike[0].kind} {', '.join(names[:_NAMED])}{more}"


def _count(kind: str, counted: tuple[int, int]) -> str:
    """Say how many objects of a kind are taken, of how many."""
    held, given = counted
    noun = NOUNS[kind]
    word = noun.called() if given == 1 else noun.many()
    return f"{given:,} {word}" if held == given else f"{held:,} of {given:,} {word}"
