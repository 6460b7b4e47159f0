#!/usr/bin/env bash
# issue.sh TITLE REPORT CODE: keep at most one open issue with this title. CODE 3: open the issue with the contents
# of the file REPORT, or add them as a comment if it is open. CODE 0: close the issue if it is open.
# Four spaces before each line make the report a code block, because it contains names that others chose.
set -euo pipefail
title=$1 report=$2 code=$3

if [ "$(gh api "repos/$GH_REPO" --jq .has_issues)" = false ]; then
  echo "Issues are disabled in this repository: the report is only in the summary of this run."
  exit
fi

open=$(gh issue list --state open --search "in:title \"$title\"" --author app/github-actions \
  --json number --jq '.[0].number // empty')
if [ "$code" = 3 ] && [ -z "$open" ]; then
  sed 's/^/    /' "$report" | gh issue create --title "$title" --body-file -
elif [ "$code" = 3 ]; then
  sed 's/^/    /' "$report" | gh issue comment "$open" --body-file -
elif [ -n "$open" ]; then
  gh issue close "$open" --comment "The check passes again."
fi
