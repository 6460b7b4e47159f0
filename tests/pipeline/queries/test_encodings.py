"""Output that the terminal's encoding cannot hold: characters are replaced, without a traceback."""

import os
import subprocess
import sys

import pytest

from orarchive.sample import START
from orarchive.timestamps import format_hour
from tests.support.archives import HOUR, ROOT, Stage, build_payloads

NAME = "Mod\u00e8le \u6a21\u578b"


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
@pytest.mark.parametrize("command", ["diff", "log"])
def test_other_encodings(stage: Stage, encoding: str, command: str) -> None:
    bodies = build_payloads(START)
    assert stage.run(START) == 0
    row = bodies["models"]["data"][0]
    row["name"] = NAME
    stage.serve(bodies)
    assert stage.run(START + HOUR) == 0
    arguments = [format_hour(START), format_hour(START + HOUR)] if command == "diff" else [row["id"]]
    done = subprocess.run(
        [sys.executable, "-c", "from orarchive.cli.main import main; main()", command, *arguments],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONIOENCODING": encoding,
            "ARCHIVE_DIR": str(stage.root),
        },
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b" ??" in done.stdout
