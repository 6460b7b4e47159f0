"""gh, as far as the workflows use it; issues and pull requests are JSON. What it does not know is an error.

The flags are those of https://cli.github.com/manual; add one here when a workflow uses it.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

FIRST = ".[0].number // empty"
"""The one jq expression that lists are asked with."""

US = "app/github-actions"
"""Who a workflow is, with the token of its run."""

Book = list[dict[str, Any]]


def main() -> None:
    told = parser().parse_args()
    # the token of a rehearsal says what it may do; without one gh ends with 4
    if not os.environ.get("GH_TOKEN"):
        sys.exit(4)
    if told.needs not in os.environ["GH_TOKEN"] or not os.environ.get("GH_REPO"):
        sys.exit("Resource not accessible by integration")
    told.does(told)


def parser() -> argparse.ArgumentParser:
    """The commands and their flags."""
    gh = argparse.ArgumentParser(prog="gh", allow_abbrev=False)
    groups = gh.add_subparsers(required=True)
    api = groups.add_parser("api", allow_abbrev=False)
    api.set_defaults(needs="", does=lambda _: print(os.environ["REHEARSAL_HAS_ISSUES"]))
    api.add_argument("path", choices=(f"repos/{os.environ.get('GH_REPO')}",))
    api.add_argument("--jq", choices=(".has_issues",), required=True)
    auth = groups.add_parser("auth").add_subparsers(required=True)
    auth.add_parser("setup-git", allow_abbrev=False).set_defaults(needs="", does=set_up_git)
    _issue(groups.add_parser("issue"))
    _pull(groups.add_parser("pr"))
    return gh


def _issue(group: argparse.ArgumentParser) -> None:
    group.set_defaults(needs="issues: write", does=issue)
    commands = group.add_subparsers(dest="command", required=True)
    _list(commands.add_parser("list", allow_abbrev=False)).add_argument("--search", default="")
    created = commands.add_parser("create", allow_abbrev=False)
    created.add_argument("--title", required=True)
    created.add_argument("--body-file", required=True)
    commented = commands.add_parser("comment", allow_abbrev=False)
    commented.add_argument("number")
    commented.add_argument("--body-file", required=True)
    closed = commands.add_parser("close", allow_abbrev=False)
    closed.add_argument("number")
    closed.add_argument("--comment")


def _pull(group: argparse.ArgumentParser) -> None:
    group.set_defaults(needs="pull-requests: write", does=pull)
    commands = group.add_subparsers(dest="command", required=True)
    _list(commands.add_parser("list", allow_abbrev=False)).add_argument("--head", required=True)
    created = commands.add_parser("create", allow_abbrev=False)
    for name in ("--base", "--head", "--title", "--body"):
        created.add_argument(name, required=True)


def _list(listed: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The flags that lists of issues and of pull requests have in common."""
    listed.add_argument("--state", choices=("open", "closed", "all"), default="open")
    listed.add_argument("--author", choices=(US,))
    listed.add_argument("--json", choices=("number",), required=True)
    listed.add_argument("--jq", choices=(FIRST,), required=True)
    return listed


def issue(told: argparse.Namespace) -> None:
    """Do what is told with the issues."""
    if os.environ["REHEARSAL_HAS_ISSUES"] == "false":
        sys.exit(f"the '{os.environ['GH_REPO']}' repository has disabled issues")
    book = Path(os.environ["REHEARSAL_ISSUES"])
    issues: Book = json.loads(book.read_text()) if book.exists() else []
    if told.command == "list":
        title = re.fullmatch(r'(?:in:title "(.*)")?', told.search)
        if not title:
            sys.exit(f"this search is not known here: {told.search}")
        found(issues, told, lambda one: (title[1] or "") in one["title"])
    elif told.command == "create":
        body = text(told.body_file)
        issues.append({"title": told.title, "state": "open", "body": body, "comments": [], "author": US})
    else:
        one = issues[int(told.number) - 1]
        if told.command == "close":
            one["state"] = "closed"
        comment = told.comment if told.command == "close" else text(told.body_file)
        one["comments"] += [comment] if comment else []
    book.write_text(json.dumps(issues))


def pull(told: argparse.Namespace) -> None:
    """Do what is told with the pull requests."""
    book = Path(os.environ["REHEARSAL_PULLS"])
    pulls: Book = json.loads(book.read_text()) if book.exists() else []
    if told.command == "list":
        found(pulls, told, lambda one: one["head"] == told.head)
        return
    if os.environ["REHEARSAL_MAY_OPEN_PULLS"] == "false":
        # https://github.com/cli/cli prints what GitHub says
        said = "GitHub Actions is not permitted to create or approve pull requests (createPullRequest)"
        sys.exit(f"pull request create failed: GraphQL: {said}")
    if subprocess.run(["git", "ls-remote", "--exit-code", "origin", f"refs/heads/{told.head}"]).returncode:
        sys.exit("pull request create failed: GraphQL: Head sha can't be blank")
    if any((one["head"], one["state"], one["author"]) == (told.head, "open", US) for one in pulls):
        sys.exit(f'a pull request for branch "{told.head}" into branch "{told.base}" already exists')
    one = {name: getattr(told, name) for name in ("base", "head", "title", "body")}
    book.write_text(json.dumps([*pulls, {**one, "state": "open", "author": US}]))


def found(book: Book, told: argparse.Namespace, meant: Any) -> None:
    """Print the number of the newest that is looked for, as gh lists them."""
    for number, one in reversed([*enumerate(book, 1)]):
        if told.state in (one["state"], "all") and told.author in (None, one["author"]) and meant(one):
            print(number)
            return


def set_up_git(told: argparse.Namespace) -> None:
    """From now on git pushes with the token, where that may push."""
    if "contents: write" in os.environ["GH_TOKEN"]:
        fetched = subprocess.run(["git", "remote", "get-url", "origin"], stdout=subprocess.PIPE, text=True)
        subprocess.run(["git", "remote", "set-url", "--push", "origin", fetched.stdout.strip()], check=True)


def text(name: str) -> str:
    """What a file holds; `-` is what is piped in."""
    return sys.stdin.read() if name == "-" else Path(name).read_text()


if __name__ == "__main__":
    main()
