"""Collecting: ask the service, check what it says, settle it into a snapshot, commit it.

Read `hour` first (the runner, which owns every side effect), then `due`, `fetch`, `settle`, `commit`,
`message` and `remote`.
"""
