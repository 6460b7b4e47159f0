"""Store: the archive as a git work tree, its ledger, its commits."""
