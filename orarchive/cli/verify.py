"""Check the archive: verify."""

import sys

import click

from orarchive.cli.options import json_option, print_json, with_archive
from orarchive.history.history import read_history
from orarchive.history.verify import Findings, verify
from orarchive.store.archive import Archive


@click.command("verify")
@with_archive
@json_option
def verify_command(archive: Archive, as_json: bool) -> None:
    """Prove that what was written is what was received.

    Every feed of every hour is hashed as it lies in git and compared with the ledger, and all changes are
    replayed. Exit 1 if anything differs; gaps are told, and are no error.
    """
    found = verify(read_history(archive), progress=sys.stderr.isatty())
    if as_json:
        print_json({**vars(found), "wrong": found.wrong})
    else:
        for line in _findings(found):
            click.echo(line)
    sys.exit(int(found.wrong))


MOST_GAPS = 5
"""Gaps that are named in the table; --json has all."""


def _findings(found: Findings) -> list[str]:
    lines = [
        *(f"differs: {one}: the files are not those that the ledger hashed" for one in found.differs),
        *(f"broken: {one}" for one in found.broken),
        *(f"by hand: after {one}: it changed, and no attempt did that" for one in found.by_hand),
        *(f"in doubt: {one}" for one in found.in_doubt),
        *(f"twice: {one}: it has more than one line in the ledger" for one in found.twice),
        *(f"differs: data/{one}: replaying the changes gives other lines" for one in found.replayed),
        *(f"gap: {one}" for one in found.gaps[:MOST_GAPS]),
    ]
    if len(found.gaps) > MOST_GAPS:
        lines.append(f"... and {len(found.gaps) - MOST_GAPS} more gaps (--json names them)")
    verdict = "NOT as received" if found.wrong else "all as received"
    return [*lines, f"{found.attempts} attempts: {verdict}"]
