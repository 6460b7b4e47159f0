"""Store: the archive as a git work tree, its ledger and its commits."""
