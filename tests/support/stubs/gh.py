"""A stub of gh with the commands that the workflows use; issues and pull requests are JSON files.

An unknown command or flag is an error. The flags are those of https://cli.github.com/manual; add one here
when a workflow uses it.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

FIRST_NUMBER = ".[0].number // empty"
"""The jq expression that all lists are queried with."""

ACTIONS_APP = "app/github-actions"
"""The author of what a workflow opens with the token of its run."""

Entries = list[dict[str, Any]]


def main() -> None:
    """Run a command; exit with 4 without a token, as gh does, and with 1 where the token lacks the right."""
    args = build_parser().parse_args()
    token = os.environ.get("GH_TOKEN")
    if not token:
        sys.exit(4)
    # the token of a rehearsal lists its rights
    if args.right not in token or not os.environ.get("GH_REPO"):
        sys.exit("Resource not accessible by integration")
    args.function(args)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the commands and their flags."""
    gh = argparse.ArgumentParser(prog="gh", allow_abbrev=False)
    groups = gh.add_subparsers(required=True)
    api = groups.add_parser("api", allow_abbrev=False)
    repository = f"repos/{os.environ.get('GH_REPO')}"
    deployments = f"{repository}/deployments?environment=github-pages&per_page=1"
    api.set_defaults(right="", function=print_api_value)
    api.add_argument("path", choices=(repository, deployments))
    api.add_argument("--jq", choices=(".has_issues", ".[0].created_at // empty"), required=True)
    auth = groups.add_parser("auth").add_subparsers(required=True)
    auth.add_parser("setup-git", allow_abbrev=False).set_defaults(right="", function=set_up_git)
    _add_issue_commands(groups.add_parser("issue"))
    _add_pull_commands(groups.add_parser("pr"))
    _add_release_commands(groups.add_parser("release"))
    return gh


def _add_issue_commands(group: argparse.ArgumentParser) -> None:
    group.set_defaults(right="issues: write", function=run_issue_command)
    commands = group.add_subparsers(dest="command", required=True)
    _add_list_flags(commands.add_parser("list", allow_abbrev=False)).add_argument("--search", required=True)
    create = commands.add_parser("create", allow_abbrev=False)
    create.add_argument("--title", required=True)
    create.add_argument("--body-file", choices=("-",), required=True)
    comment = commands.add_parser("comment", allow_abbrev=False)
    comment.add_argument("number")
    comment.add_argument("--body-file", choices=("-",), required=True)
    close = commands.add_parser("close", allow_abbrev=False)
    close.add_argument("number")
    close.add_argument("--comment", required=True)


def _add_pull_commands(group: argparse.ArgumentParser) -> None:
    group.set_defaults(right="pull-requests: write", function=run_pull_command)
    commands = group.add_subparsers(dest="command", required=True)
    _add_list_flags(commands.add_parser("list", allow_abbrev=False)).add_argument("--head", required=True)
    create = commands.add_parser("create", allow_abbrev=False)
    for name in ("--base", "--head", "--title", "--body"):
        create.add_argument(name, required=True)


def _add_release_commands(group: argparse.ArgumentParser) -> None:
    group.set_defaults(right="contents: write", function=run_release_command)
    commands = group.add_subparsers(dest="command", required=True)
    tags = commands.add_parser("list", allow_abbrev=False)
    tags.add_argument("--limit", required=True)
    tags.add_argument("--json", choices=("tagName",), required=True)
    tags.add_argument("--jq", choices=(".[].tagName",), required=True)
    create = commands.add_parser("create", allow_abbrev=False)
    create.add_argument("tag")
    create.add_argument("--latest", choices=("false",))
    for name in ("--title", "--notes"):
        create.add_argument(name, required=True)
    view = commands.add_parser("view", allow_abbrev=False)
    view.add_argument("tag")
    view.add_argument("--json", choices=("assets",), required=True)
    view.add_argument("--jq", choices=(".assets[].name",), required=True)
    upload = commands.add_parser("upload", allow_abbrev=False)
    upload.add_argument("tag")
    upload.add_argument("file", type=Path)
    upload.add_argument("--clobber", action="store_true")


def _add_list_flags(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Add the flags that lists of issues and of pull requests have in common."""
    parser.add_argument("--state", choices=("open", "closed", "all"), default="open")
    parser.add_argument("--author", choices=(ACTIONS_APP,))
    parser.add_argument("--json", choices=("number",), required=True)
    parser.add_argument("--jq", choices=(FIRST_NUMBER,), required=True)
    return parser


def print_api_value(args: argparse.Namespace) -> None:
    """Print whether the repository has issues, or when it was last deployed, for which there is a right."""
    if args.jq == ".has_issues":
        print(os.environ["REHEARSAL_HAS_ISSUES"])
        return
    if "deployments: read" not in os.environ["GH_TOKEN"]:
        sys.exit("Resource not accessible by integration")
    file = Path(os.environ["REHEARSAL_DEPLOYED"])
    print(file.read_text() if file.exists() else "")


def run_issue_command(args: argparse.Namespace) -> None:
    """List, create, comment on or close issues; fail where issues are disabled."""
    if os.environ["REHEARSAL_HAS_ISSUES"] == "false":
        sys.exit(f"the '{os.environ['GH_REPO']}' repository has disabled issues")
    file = Path(os.environ["REHEARSAL_ISSUES"])
    issues: Entries = json.loads(file.read_text()) if file.exists() else []
    if args.command == "list":
        title = re.fullmatch(r'in:title "(.*)"', args.search)
        if not title:
            sys.exit(f"unknown search: {args.search}")
        print_first_number([title[1] in issue["title"] for issue in issues], issues, args)
    elif args.command == "create":
        body = sys.stdin.read()
        issues.append(
            {"title": args.title, "state": "open", "body": body, "comments": [], "author": ACTIONS_APP}
        )
    else:
        issue = issues[int(args.number) - 1]
        if args.command == "close":
            issue["state"] = "closed"
        issue["comments"].append(args.comment if args.command == "close" else sys.stdin.read())
    file.write_text(json.dumps(issues))


def run_pull_command(args: argparse.Namespace) -> None:
    """List or create pull requests; fail where Actions may not create any, and for a branch that has none."""
    file = Path(os.environ["REHEARSAL_PULLS"])
    pulls: Entries = json.loads(file.read_text()) if file.exists() else []
    if args.command == "list":
        print_first_number([pull["head"] == args.head for pull in pulls], pulls, args)
        return
    if os.environ["REHEARSAL_MAY_OPEN_PULLS"] == "false":
        # https://github.com/cli/cli prints the message of GitHub
        message = "GitHub Actions is not permitted to create or approve pull requests (createPullRequest)"
        sys.exit(f"pull request create failed: GraphQL: {message}")
    if subprocess.run(["git", "ls-remote", "--exit-code", "origin", f"refs/heads/{args.head}"]).returncode:
        sys.exit("pull request create failed: GraphQL: Head sha can't be blank")
    if any(
        (pull["head"], pull["state"], pull["author"]) == (args.head, "open", ACTIONS_APP) for pull in pulls
    ):
        sys.exit(f'a pull request for branch "{args.head}" into branch "{args.base}" already exists')
    pull = {name: getattr(args, name) for name in ("base", "head", "title", "body")}
    file.write_text(json.dumps([*pulls, {**pull, "state": "open", "author": ACTIONS_APP}]))


def run_release_command(args: argparse.Namespace) -> None:
    """List, create or view releases, or upload an asset; fail where a release or an asset is not as asked."""
    releases = Path(os.environ["REHEARSAL_RELEASES"])
    if args.command == "list":
        print(*sorted(path.name for path in releases.glob("*")), sep="\n")
        return
    folder = releases / args.tag
    if args.command == "create":
        folder.mkdir(parents=True)
    elif not folder.is_dir():
        sys.exit("release not found")
    elif args.command == "view":
        print(*sorted(path.name for path in folder.iterdir()), sep="\n")
    elif (folder / args.file.name).exists() and not args.clobber:
        sys.exit(f"asset under the same name already exists: [{args.file.name}]")
    else:
        (folder / args.file.name).write_bytes(args.file.read_bytes())


def print_first_number(matches: list[bool], entries: Entries, args: argparse.Namespace) -> None:
    """Print the number of the newest entry that matches and has the state and the author asked for."""
    for number in range(len(entries), 0, -1):
        entry = entries[number - 1]
        has_author = args.author in (None, entry["author"])
        if matches[number - 1] and has_author and args.state in (entry["state"], "all"):
            print(number)
            return


def set_up_git(_args: argparse.Namespace) -> None:
    """Let git push with the token from now on, if that has the right."""
    if "contents: write" in os.environ["GH_TOKEN"]:
        fetch_url = subprocess.run(["git", "remote", "get-url", "origin"], stdout=subprocess.PIPE, text=True)
        command = ["git", "remote", "set-url", "--push", "origin", fetch_url.stdout.strip()]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
