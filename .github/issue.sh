#!/usr/bin/env bash
# issue.sh TITLE REPORT CODE: keeps one issue of that title. With CODE 3 it opens it with the report, or adds the
# report to the one that is open; with CODE 0 it closes it. Four spaces make the report code: names in it are
# foreign text.
set -euo pipefail
title=$1 report=$2 code=$3

if [ "$(gh api "repos/$GH_REPO" --jq .has_issues)" = false ]; then
  echo "Issues are switched off in this repository: what is not well stands in the summaries alone."
  exit
fi

open=$(gh issue list --state open --search "in:title \"$title\"" --author app/github-actions \
  --json number --jq '.[0].number // empty')
if [ "$code" = 3 ] && [ -z "$open" ]; then
  sed 's/^/    /' "$report" | gh issue create --title "$title" --body-file -
elif [ "$code" = 3 ]; then
  sed 's/^/    /' "$report" | gh issue comment "$open" --body-file -
elif [ -n "$open" ]; then
  gh issue close "$open" --comment "All is well again."
fi
