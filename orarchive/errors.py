"""Errors that a person is told about in one line; every entry point catches this family in one place."""


class ArchiveError(Exception):
    """Bad usage or a bad environment: the message says what is wrong and what to do about it."""

    exit_code = 2


class NotArchivedError(ArchiveError):
    """The archive does not hold what was asked for; the message names what it does hold."""

    exit_code = 1


class GitError(ArchiveError):
    """A git command failed; the message carries the command and what git said."""


class NotJSON(ValueError):
    """Bytes that are not one strict JSON text in UTF-8."""
