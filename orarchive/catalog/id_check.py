"""Judge ids of models by the published list of all ids, and report the judgements.

The Action in `check/` runs this without an installation, so it needs nothing but Python 3.9.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from orarchive.catalog.id_finder import REQUEST_SUFFIXES, IdMatch, KnownIds

FORMAT = 1
"""Number of the list's format; another number is another meaning."""

MAX_AGE = dt.timedelta(hours=25)
"""A list that is older cannot say what is alive: the archive reads the models every hour."""

HOURS_SHOWN = 72
"""Age of a list from which on it is told in days."""

MIN_SIMILARITY = 0.8
"""Ratio of `difflib` from which on an id is suggested for an unknown one."""

ALIVE, EXPIRING, GONE, UNKNOWN = "alive", "expiring", "gone", "unknown"
STATUSES = (GONE, EXPIRING, UNKNOWN, ALIVE)
"""What an id can be, in the order in which it is reported."""

EXIT_BAD, EXIT_UNSURE = 1, 2
"""An id is gone or expiring; an id is unknown, or the list is too old to say or could not be read."""


class CheckListError(Exception):
    """A list that cannot be read. The message says why."""


@dataclass(frozen=True)
class CheckList:
    """Every id that was ever listed, with its state at an hour."""

    as_of: dt.datetime
    """The hour in which the models were last read."""
    alive: frozenset[str]
    expires: dict[str, dt.date]
    """Listed ids with the date from which they are not served."""
    gone: dict[str, dt.date]
    """Ids that are not listed, with the last day on which they were."""
    slugs: dict[str, str]
    """Permanent names of models and the ids that they lead to."""
    replacements: dict[str, str]
    dearer: frozenset[str]
    """Ids whose replacement costs more."""
    advice: frozenset[str]
    """Ids whose replacement is only this archive's own advice: of the same family, and able to do as much."""

    @property
    def known(self) -> KnownIds:
        """Return all ids and permanent names."""
        return KnownIds.from_ids([*self.alive, *self.expires, *self.gone, *self.slugs])

    def describe_age(self, now: dt.datetime) -> str | None:
        """Say how old the list is where it is too old; None where it is not."""
        age = now - self.as_of
        if age <= MAX_AGE:
            return None
        hours = int(age.total_seconds() // 3600)
        age_text = f"{hours} hours" if hours < HOURS_SHOWN else f"{hours // 24} days"
        return f"the list is of {self.as_of:%Y-%m-%d %H:%M} UTC, {age_text} ago: too old to say what is alive"


@dataclass(frozen=True)
class Judgement:
    """What is known of an id."""

    id: str
    status: str
    text: str
    """A sentence for people, without the id."""
    expires: dt.date | None = None
    last_seen: dt.date | None = None
    replacement: str | None = None


@dataclass(frozen=True)
class Finding:
    """An id in a file, or on the command line, and what is known of it."""

    path: str
    """The file; "" for an id on the command line."""
    line: int
    column: int
    judgement: Judgement

    @property
    def place(self) -> str:
        """Return where it stands, `app.py:3:9`."""
        return f"{self.path}:{self.line}:{self.column}" if self.path else "argument"


def parse_check_list(content: bytes) -> CheckList:
    """Parse the file of the list; raise CheckListError where it is not one, or of another format."""
    try:
        return read_check_list(json.loads(content)["data"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        msg = f"the list cannot be read: {type(error).__name__}: {error}"
        raise CheckListError(msg) from error


def read_check_list(document: Mapping[str, Any]) -> CheckList:
    """Read the list from a JSON object; raise CheckListError where it is of another format.

    Raise ValueError, KeyError, TypeError or AttributeError where it is no list of ids.
    """
    if document["format"] != FORMAT:
        msg = f"the list has format {document['format']!r}, this version reads {FORMAT}: take a newer one"
        raise CheckListError(msg)
    return CheckList(
        as_of=_parse_time(document["as_of"]),
        alive=frozenset(_check_ids(document["alive"])),
        expires=_parse_dates(document["expires"]),
        gone=_parse_dates(document["gone"]),
        slugs=_parse_names(document["slugs"]),
        replacements=_parse_names(document["replacements"]),
        dearer=frozenset(map(str, document["dearer"])),
        advice=frozenset(map(str, document["advice"])),
    )


def _parse_time(text: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        msg = f"the time {text} has no time zone"
        raise ValueError(msg)
    return moment


def _check_ids(names: Any) -> list[str]:
    if not isinstance(names, list) or not names:
        msg = "it has no ids"
        raise ValueError(msg)
    return [str(name) for name in names]


def _parse_names(names: dict[str, str]) -> dict[str, str]:
    return {str(name): str(target) for name, target in names.items()}


def _parse_dates(dates: dict[str, str]) -> dict[str, dt.date]:
    return {str(name): dt.date.fromisoformat(date) for name, date in dates.items()}


def judge(name: str, check_list: CheckList, today: dt.date, days: int) -> Judgement:
    """Judge an id: an expiring one expires within some days from today.

    A variant that a request may add to any id, such as `:nitro`, is judged by its base.
    """
    key = find_requested_id(name, check_list.slugs, check_list.alive)
    target = check_list.replacements.get(key)
    verb = "perhaps" if key in check_list.advice else "use"
    dearer = ", which is dearer" if key in check_list.dearer else ""
    advice = f"; {verb} {target}{dearer}" if target else ""
    if key in check_list.gone:
        day = check_list.gone[key]
        text = f"is no longer listed, last on {day}{advice or '; no replacement is known'}"
        return Judgement(name, GONE, text, last_seen=day, replacement=target)
    expires = check_list.expires.get(key)
    if expires is not None and (expires - today).days <= days:
        verb = "expires" if expires >= today else "expired"
        text = f"{verb} on {expires}{advice}"
        return Judgement(name, EXPIRING, text, expires=expires, replacement=target)
    if expires is not None or key in check_list.alive:
        return Judgement(name, ALIVE, "is alive", expires=expires)
    names = sorted({*check_list.alive, *check_list.expires})
    similar = get_close_matches(name, names, n=1, cutoff=MIN_SIMILARITY)
    advice = f"; did you mean {similar[0]}?" if similar else ""
    return Judgement(name, UNKNOWN, f"is unknown: it is in no list since the record began{advice}")


def find_requested_id(name: str, slugs: Mapping[str, str], alive: Container[str]) -> str:
    """Return the id that a permanent name leads to, and without a variant that any request may add."""
    base, _, variant = name.partition(":")
    listed = slugs.get(base, base)
    if not variant or (variant in REQUEST_SUFFIXES and name not in alive):
        return listed
    return f"{listed}:{variant}"


def judge_matches(
    matches: Iterable[tuple[str, IdMatch]], check_list: CheckList, today: dt.date, days: int
) -> list[Finding]:
    """Judge ids in files, each given with the path of its file."""
    return [
        Finding(path, match.line, match.column, judge(match.id, check_list, today, days))
        for path, match in matches
    ]


def list_ids(findings: Iterable[Finding], status: str) -> list[str]:
    """List the ids with a status, each once, sorted."""
    return sorted({finding.judgement.id for finding in findings if finding.judgement.status == status})


def get_exit_code(findings: Iterable[Finding], problem: str | None) -> int:
    """Return 0 where all ids are alive and the list could say so, else EXIT_BAD or EXIT_UNSURE."""
    statuses = {finding.judgement.status for finding in findings}
    if problem or UNKNOWN in statuses:
        return EXIT_UNSURE
    return EXIT_BAD if statuses & {GONE, EXPIRING} else 0


# --- reports ------------------------------------------------------------------------------------------------


def format_text(findings: list[Finding]) -> Iterator[str]:
    """Yield a line for each id that is not alive, and a last one with the counts."""
    for finding in findings:
        if finding.judgement.status != ALIVE:
            yield f"{finding.place}: {finding.judgement.id} {finding.judgement.text}"
    yield _format_counts(findings)


def _format_counts(findings: list[Finding]) -> str:
    counts = [f"{len(list_ids(findings, status))} {status}" for status in STATUSES]
    return f"ids: {', '.join(counts)}"


def format_annotations(findings: Iterable[Finding], problem: str | None = None) -> Iterator[str]:
    """Yield a workflow command of GitHub for each id that is not alive, and for a problem of the list."""
    if problem:
        yield f"::error title=OpenRouter models::{_escape(problem)}"
    for finding in findings:
        judgement = finding.judgement
        if judgement.status != ALIVE:
            level = "warning" if judgement.status == EXPIRING else "error"
            place = f"file={_escape_property(finding.path)},line={finding.line},col={finding.column},"
            properties = f"{place if finding.path else ''}title=OpenRouter model {judgement.status}"
            yield f"::{level} {properties}::{_escape(f'{judgement.id} {judgement.text}')}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")


def format_summary(findings: list[Finding], problem: str | None) -> Iterator[str]:
    """Yield the lines of a summary in Markdown: counts, and a table of all ids that are not alive."""
    yield "## Model ids of OpenRouter"
    yield ""
    if problem:
        yield f"**{_escape_cell(problem)}**"
        yield ""
    yield _format_counts(findings)
    rows = [finding for finding in findings if finding.judgement.status != ALIVE]
    if rows:
        yield ""
        yield "| id | | replacement | where |"
        yield "|---|---|---|---|"
    for finding in rows:
        judgement = finding.judgement
        target = f"`{_escape_cell(judgement.replacement)}`" if judgement.replacement else ""
        texts = [_escape_cell(text) for text in (judgement.text, finding.place)]
        cells = (f"`{_escape_cell(judgement.id)}`", texts[0], target, texts[1])
        yield f"| {' | '.join(cells)} |"


def _escape_cell(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'").replace("\n", " ")


def to_json(findings: Iterable[Finding], check_list: CheckList, problem: str | None) -> dict[str, Any]:
    """Return all findings as a JSON object."""
    return {
        "as_of": f"{check_list.as_of:%Y-%m-%dT%H:%M:%SZ}",
        "problem": problem,
        "findings": [
            {
                "id": finding.judgement.id,
                "status": finding.judgement.status,
                "path": finding.path or None,
                "line": finding.line,
                "column": finding.column,
                "expires": _format_date(finding.judgement.expires),
                "last_seen": _format_date(finding.judgement.last_seen),
                "replacement": finding.judgement.replacement,
            }
            for finding in findings
        ],
    }


def _format_date(date: dt.date | None) -> str | None:
    return date.isoformat() if date else None
