"""Collecting: fetch the service's feeds and rankings, validate, merge, and commit them.

Read `run` first, then `attempt`: one attempt fetches and archives one group of sources. `feed_group` and
`ranking_group` are the groups; each has a schedule (what is due), a fetch and a merge.
"""
