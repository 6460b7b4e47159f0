"""gh, as far as the workflows use it: issues in a JSON file. What it does not know is an error.

The flags are those of https://cli.github.com/manual/gh_issue, and of gh_api; add one when a workflow uses it.
"""

import argparse
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

FIRST = ".[0].number // empty"
"""The one jq expression that is understood."""

US = "app/github-actions"
"""Who a workflow is, with the token of its run."""


def main() -> None:
    told = parser().parse_args()
    # the token of a rehearsal says what it may do; without one gh ends with 4
    if not os.environ.get("GH_TOKEN"):
        sys.exit(4)
    if told.command == "api":
        print(os.environ["REHEARSAL_HAS_ISSUES"])
        return
    if os.environ["REHEARSAL_HAS_ISSUES"] == "false":
        sys.exit(f"the '{os.environ['GH_REPO']}' repository has disabled issues")
    if "issues: write" not in os.environ["GH_TOKEN"] or not os.environ.get("GH_REPO"):
        sys.exit("Resource not accessible by integration")
    book = Path(os.environ["REHEARSAL_ISSUES"])
    issues: list[dict[str, Any]] = json.loads(book.read_text()) if book.exists() else []
    if told.command == "list":
        found(issues, told)
    elif told.command == "create":
        body = text(told.body_file)
        issues.append({"title": told.title, "state": "open", "body": body, "comments": [], "author": US})
    else:
        issue = issues[int(told.number) - 1]
        if told.command == "close":
            issue["state"] = "closed"
        comment = told.comment if told.command == "close" else text(told.body_file)
        issue["comments"] += [comment] if comment else []
    book.write_text(json.dumps(issues))


def text(name: str) -> str:
    """What a file holds; `-` is what is piped in."""
    return sys.stdin.read() if name == "-" else Path(name).read_text()


def parser() -> argparse.ArgumentParser:
    """The commands and their flags."""
    gh = argparse.ArgumentParser(prog="gh", allow_abbrev=False)
    groups = gh.add_subparsers(required=True)
    api = groups.add_parser("api", allow_abbrev=False)
    api.set_defaults(command="api")
    api.add_argument("path", choices=(f"repos/{os.environ.get('GH_REPO')}",))
    api.add_argument("--jq", choices=(".has_issues",), required=True)
    issue = groups.add_parser("issue").add_subparsers(dest="command", required=True)
    listed = issue.add_parser("list", allow_abbrev=False)
    listed.add_argument("--state", choices=("open", "closed", "all"), default="open")
    listed.add_argument("--search", default="")
    listed.add_argument("--author", choices=(US,))
    listed.add_argument("--json", choices=("number",), required=True)
    listed.add_argument("--jq", choices=(FIRST,), required=True)
    created = issue.add_parser("create", allow_abbrev=False)
    created.add_argument("--title", required=True)
    created.add_argument("--body-file", required=True)
    commented = issue.add_parser("comment", allow_abbrev=False)
    commented.add_argument("number")
    commented.add_argument("--body-file", required=True)
    closed = issue.add_parser("close", allow_abbrev=False)
    closed.add_argument("number")
    closed.add_argument("--comment")
    return gh


def found(issues: list[dict[str, Any]], told: argparse.Namespace) -> None:
    """Print the number of the newest issue that is looked for, as gh lists them."""
    title = re.fullmatch(r'(?:in:title "(.*)")?', told.search)
    if not title:
        sys.exit(f"this search is not known here: {told.search}")
    for number, issue in reversed([*enumerate(issues, 1)]):
        meant = told.state in (issue["state"], "all") and told.author in (None, issue["author"])
        if meant and (title[1] or "") in issue["title"]:
            print(number)
            return


if __name__ == "__main__":
    main()
