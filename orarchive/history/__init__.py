"""History: the past of the archive, read from git. Every commit of data/ is one attempt at one hour."""
