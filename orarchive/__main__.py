"""Questions to the archive: `python -m orarchive --help`."""

from orarchive.commands import importing, index, past, questions

__all__ = ["importing", "index", "past", "questions"]

if __name__ == "__main__":
    questions(prog_name="python -m orarchive")
