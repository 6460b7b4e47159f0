"""Verify the archive against its ledger: verify."""

import sys

import click

from orarchive.cli.options import is_progress_shown, json_option, print_json, with_archive
from orarchive.history.history import read_history
from orarchive.history.verify import Findings, verify
from orarchive.store.archive import Archive

MAX_GAPS = 5
"""Gaps that are named in the lines for people; --json has all."""


@click.command("verify")
@with_archive
@json_option
def verify_command(archive: Archive, as_json: bool) -> None:
    """Compare the files of every hour with the hashes in the ledger, and replay all changes.

    Every feed of every hour is hashed as it lies in git; replaying the changes must give the same files.
    Exit 1 if anything differs; gaps are listed, and are no error.
    """
    findings = verify(read_history(archive), progress=is_progress_shown())
    if as_json:
        print_json({**vars(findings), "wrong": findings.wrong})
    else:
        for line in _format_findings(findings):
            click.echo(line)
    sys.exit(int(findings.wrong))


def _format_findings(findings: Findings) -> list[str]:
    """Format findings as lines for people, the verdict last."""
    lines = [
        *(f"differs: {name}: the files are not those that the ledger hashed" for name in findings.differs),
        *(f"broken: {commit}" for commit in findings.broken),
        *(f"by hand: after {name}: it changed, and no attempt did that" for name in findings.by_hand),
        *(f"in doubt: {hour}" for hour in findings.in_doubt),
        *(
            f"unchained: {attempt}: the line before it is not the one that it names"
            for attempt in findings.unchained
        ),
        *(
            f"rewritten: {attempt}: its line in the ledger is not the one that was committed first"
            for attempt in findings.rewritten
        ),
        *(f"twice: {attempt}: it has more than one line in the ledger" for attempt in findings.twice),
        *(f"differs: data/{path}: replaying the changes gives other lines" for path in findings.replayed),
        *(f"lost: the health of {hour}: the branch health lacks it" for hour in findings.health_lost),
        *(f"gap: {gap}" for gap in findings.gaps[:MAX_GAPS]),
    ]
    if len(findings.gaps) > MAX_GAPS:
        lines.append(f"... and {len(findings.gaps) - MAX_GAPS:,} more gaps (--json names them)")
    if findings.health_absent:
        lines.append(f"not here: the health of {findings.health_absent:,} attempts (cut off, or not fetched)")
    if findings.health_extra:
        lines.append(f"not in this ledger: {len(findings.health_extra):,} commits of the branch health")
    verdict = "NOT as received" if findings.wrong else "all as received"
    return [*lines, f"{findings.attempts:,} attempts: {verdict}"]
