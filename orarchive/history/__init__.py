"""History: the attempts of an archive and the states after them, read from git."""
