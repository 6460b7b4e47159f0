"""Models that left the list at some time, as the ledger names them."""

from collections.abc import Iterable

from orarchive.domain.feeds import MODELS
from orarchive.store.archive import Archive
from orarchive.store.ledger import Attempt, list_ledger_files, parse_ledger


def list_vanished_models(lines: Iterable[Attempt]) -> set[str]:
    """List the models that were missing in an attempt of some ledger lines.

    A line names up to 60 of them: what vanished in a larger crowd is not known here.
    """
    reports = (line["feeds"].get(MODELS.name) for line in lines)
    return {model for report in reports if report for model in report.get("vanished", ())}


def read_vanished_models(archive: Archive, commit: str | None) -> set[str]:
    """Read the models that were ever missing from the whole ledger at a commit, file by file."""
    models: set[str] = set()
    for name, blob in list_ledger_files(archive, commit).items():
        content = archive.read_blobs([blob])[blob]
        # Few lines name such models, and a year has 8,760.
        lines = b"".join(line for line in content.splitlines(keepends=True) if b'"vanished":' in line)
        models |= list_vanished_models(parse_ledger(lines, name))
    return models
