"""Errors that commands report in one line. The command line catches the whole family in one place."""


class ArchiveError(Exception):
    """Wrong usage or environment. The message says what is wrong and what to do about it."""

    exit_code = 2


class NotArchivedError(ArchiveError):
    """The archive does not hold the requested hour or record. The message names what it does hold."""

    exit_code = 1


class UnknownError(NotArchivedError):
    """A name that the archive never had. The message suggests similar names."""


class AmbiguousError(NotArchivedError):
    """A name that stands for several records. The message lists them."""


class NotCoveredError(NotArchivedError):
    """A time of which the archive knows nothing, or at which the record was not listed.

    The message says what is known.
    """


class GitError(ArchiveError):
    """A failed git command. The message has the command and the output of git."""


class GitLockedError(GitError):
    """A git command that failed because a lock file of git exists. The message names the file."""


class NotJSON(ValueError):
    """Bytes that are not one strict JSON text in UTF-8."""
