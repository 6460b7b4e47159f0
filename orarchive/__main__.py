"""Questions to the archive: `python -m orarchive --help`."""

from orarchive.commands import contract, importing, index, past, questions, report

__all__ = ["contract", "importing", "index", "past", "questions", "report"]

if __name__ == "__main__":
    questions(prog_name="python -m orarchive")
