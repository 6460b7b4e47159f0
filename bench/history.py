"""Replay and index of 20 months of recorded models (943 versions): against bare git, and against git-history.

Whole processes run in turn. Budgets, of wall-clock time: under twice `git log -p -U0 --text` over the same
files; 50 times faster than git-history 0.8 on the same history. The index reads while git prints, on another
core, so CPU seconds are printed beside wall-clock seconds. Needs ARCHIVE_REAL_DATA, and the network for
git-history.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from bench.measure import (
    ORARCHIVE,
    Run,
    compute_medians,
    create_archive,
    find_recordings,
    print_figure,
    run,
)

REPETITIONS = 5
MAX_GIT_RATIO = 2
MIN_SPEEDUP = 50
SOURCE = "data/output.json"

CONVERT_LIST = 'json.loads(content)["data"]'
CONVERT_LINES = "[json.loads(line) for line in content.splitlines()]"
"""Code with which git-history reads the rows of a version: of the recorded file, and of the archive's."""


def main() -> None:
    """Import once, then measure."""
    recordings = find_recordings()
    if recordings is None:
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bundle = recordings / "models_history.bundle"
        archive = create_archive(folder / "archive").root
        imported = run([*ORARCHIVE, "import", bundle, "--path", SOURCE, "--archive", archive])
        print_figure("import", f"{imported.seconds:.1f} s, {imported.megabytes:.0f} MB")
        seconds = compare_with_git(folder, archive)
        subprocess.run(["git", "clone", "-q", "-b", "main", bundle, folder / "source"], check=True)
        compare_with_git_history(folder, seconds)


def compare_with_git(folder: Path, archive: Path) -> float:
    """Measure the index in turn with bare git and return the seconds of the index."""
    bare: list[str | Path] = ["git", "-C", archive, "log", "-p", "-U0", "--text", "--", "data"]
    runs: dict[str, list[Run]] = {"replay and index": [], "git log -p -U0 --text": []}
    for repetition in range(REPETITIONS + 1):
        index_run = run([*ORARCHIVE, "index", "--archive", archive, "--cache", folder / f"cache{repetition}"])
        git_run = run(bare)
        if repetition:  # the first one fills the cache of the disk
            runs["replay and index"].append(index_run)
            runs["git log -p -U0 --text"].append(git_run)
    medians = compute_medians(runs)
    index, git = medians.values()
    for name, median in medians.items():
        print_figure(f"{name}, median of {REPETITIONS}", f"{median.seconds:.2f} s, {median.megabytes:.0f} MB")
        print_figure(f"{name}, CPU of all processes", f"{median.cpu:.2f} s")
    print_figure("index / git log", f"{index.seconds / git.seconds:.2f}", f"under {MAX_GIT_RATIO}")
    print_figure("index / git log, CPU", f"{index.cpu / git.cpu:.2f}")
    size = (folder / "cache1/index.sqlite").stat().st_size
    print_figure("size of the index", f"{size / 1e6:.1f} MB")
    return index.seconds


def compare_with_git_history(folder: Path, index_seconds: float) -> None:
    """Measure git-history once on the same history: the file as recorded, then the files of the archive."""
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    pip: list[str | Path] = [
        folder / "venv/bin/pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "git-history==0.8",
    ]
    if subprocess.run(pip, stderr=subprocess.DEVNULL).returncode:
        print("left out, because it cannot be installed here: git-history")
        return

    def time_git_history(repository: str, path: str, convert: str) -> float:
        command: list[str | Path] = [
            folder / "venv/bin/git-history",
            "file",
            folder / f"{path.replace('/', '-')}.db",
            path,
        ]
        command += ["--repo", folder / repository, "--branch", "main", "--id", "id", "--convert", convert]
        return run([*command, "--silent"]).seconds

    recorded = time_git_history("source", SOURCE, CONVERT_LIST)
    files = sorted((folder / "archive/data/models").glob("*.jsonl"))
    split = sum(time_git_history("archive", f"data/models/{file.name}", CONVERT_LINES) for file in files)
    for name, seconds in (("the recorded file", recorded), (f"the archive's {len(files)} files", split)):
        print_figure(f"git-history, {name}", f"{seconds:.1f} s")
        print_figure("git-history / index", f"{seconds / index_seconds:.0f}", f"at least {MIN_SPEEDUP}")


if __name__ == "__main__":
    main()
