"""Check the ids of models in a repository by the list of a published archive: the script of the Action.

It needs Python 3.9 and nothing else: the modules that it shares with `orarchive check` lie beside it in the
repository.

    python3 check/check.py --site https://OWNER.github.io/openrouter-archive/ [--days 30] [PATH ...]
"""

from __future__ import annotations

import argparse
import datetime as dt
import http.client
import os
import sys
import time
import urllib.request
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from orarchive.catalog.id_check import (
    EXIT_UNSURE,
    EXPIRING,
    GONE,
    UNKNOWN,
    CheckList,
    CheckListError,
    Finding,
    format_annotations,
    format_summary,
    format_text,
    get_exit_code,
    judge_matches,
    list_ids,
    parse_check_list,
)
from orarchive.cli.checked_files import find_in_files, list_files

LIST_PATH = "api/v1/check.json"

TIMEOUT_S = 30

MAX_LIST_BYTES = 5_000_000
"""A longer answer is no list: that of 836 ids has 40,000 bytes."""

ATTEMPTS = 2
WAIT_S = 1
"""Seconds between two attempts."""


def main() -> int:
    """Run the check and return its exit code: 0 all alive, 1 gone or expiring, 2 unknown or not to say."""
    options = _parse_options()
    now = dt.datetime.now(dt.timezone.utc)
    problem = None
    findings: list[Finding] = []
    try:
        check_list = _fetch_list(options.site)
        problem = check_list.describe_age(now)
        findings = _check_files(options.paths or [Path()], check_list, now.date(), options.days)
    except (CheckListError, OSError) as error:
        problem = f"nothing was checked: {error}"
    lines = format_annotations(findings, problem) if options.format == "github" else format_text(findings)
    print(*lines, sep="\n")
    if problem and options.format != "github":
        print(f"Error: {problem}", file=sys.stderr)
    _write_lines("GITHUB_STEP_SUMMARY", format_summary(findings, problem))
    statuses = (GONE, EXPIRING, UNKNOWN)
    _write_lines("GITHUB_OUTPUT", (f"{status}={' '.join(list_ids(findings, status))}" for status in statuses))
    return get_exit_code(findings, problem)


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Check the ids of models in the files of a repository.")
    parser.add_argument(
        "paths", nargs="*", type=Path, help="files and folders; by default the current folder"
    )
    parser.add_argument("--site", default="", help="address of a published archive")
    parser.add_argument("--days", type=int, default=30, help="an id expires if it does within so many days")
    parser.add_argument("--format", choices=("text", "github"), default="text")
    options = parser.parse_args()
    options.site = options.site or _guess_site()
    if not options.site:
        parser.exit(EXIT_UNSURE, "name the site of an archive: --site https://OWNER.github.io/REPOSITORY/\n")
    return options


def _guess_site() -> str:
    """Return the address of the Pages of the repository that this Action comes from; "" where it is unknown.

    Actions lie in `_actions/OWNER/REPOSITORY/REF`. GitHub's variables name another action in a composite one.
    """
    parts = Path(__file__).resolve().parts
    if "_actions" not in parts:
        return ""
    owner, repository = parts[parts.index("_actions") + 1 :][:2]
    return f"https://{owner.lower()}.github.io/{repository}/"


def _fetch_list(site: str) -> CheckList:
    """Fetch the list of a site; raise CheckListError where that fails: what is not known is not safe."""
    address = site if site.endswith(".json") else f"{site.rstrip('/')}/{LIST_PATH}"
    try:
        request = urllib.request.Request(address, headers={"User-Agent": "openrouter-archive-check"})
    except ValueError as error:
        msg = f"{address} is not an address: it must begin with https://"
        raise CheckListError(msg) from error
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
                return parse_check_list(response.read(MAX_LIST_BYTES))
        except (OSError, http.client.HTTPException, ValueError, CheckListError) as error:
            if attempt == ATTEMPTS or getattr(error, "code", None) == http.client.NOT_FOUND:
                msg = f"{address}: {error}"
                raise CheckListError(msg) from error
        time.sleep(WAIT_S)
    raise AssertionError


def _check_files(paths: Iterable[Path], check_list: CheckList, today: dt.date, days: int) -> list[Finding]:
    files = [file for path in paths for file in list_files(path)]
    return judge_matches(find_in_files(files, check_list.known), check_list, today, days)


def _write_lines(variable: str, lines: Iterable[str]) -> None:
    """Append lines to the file that a variable of GitHub names, if there is one."""
    if path := os.environ.get(variable):
        with open(path, "a", encoding="utf-8") as file:  # noqa: PTH123
            file.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
