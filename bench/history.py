"""Replay and index of 20 months of recorded models (943 versions): against bare git, and against git-history.

Whole processes, in turn. Budgets, of wall time: under 3 times `git log -p -U0 --text` over the same files; 40
times faster than git-history 0.8 on the same history. The index reads while git prints, on another core, so
CPU seconds stand beside the wall's. Needs ARCHIVE_REAL_DATA, and the network for git-history.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from bench.measure import ORARCHIVE, Run, figure, fresh, medians, recordings, run

TIMES = 5
BUDGET_GIT = 3
BUDGET_FASTER = 40
SOURCE = "data/output.json"

LISTED = 'json.loads(content)["data"]'
LINES = "[json.loads(line) for line in content.splitlines()]"
"""How git-history gets rows of a version: of the recorded file, and of the archive's."""


def main() -> None:
    """Import once, then measure."""
    real = recordings()
    if real is None:
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bundle = real / "models_history.bundle"
        archive = fresh(folder / "archive").root
        imported = run([*ORARCHIVE, "import", bundle, "--path", SOURCE, "--archive", archive])
        figure("import", f"{imported.seconds:.1f} s, {imported.megabytes:.0f} MB")
        ours = against_git(folder, archive)
        subprocess.run(["git", "clone", "-q", "-b", "main", bundle, folder / "source"], check=True)
        against_git_history(folder, ours)


def against_git(folder: Path, archive: Path) -> float:
    """Our seconds, measured in turn with bare git's."""
    bare: list[str | Path] = ["git", "-C", archive, "log", "-p", "-U0", "--text", "--", "data"]
    runs: dict[str, list[Run]] = {"replay and index": [], "git log -p -U0 --text": []}
    for turn in range(TIMES + 1):
        found = [
            run([*ORARCHIVE, "index", "--archive", archive, "--cache", folder / f"cache{turn}"]),
            run(bare),
        ]
        for some, one in zip(runs.values(), found, strict=True):
            some += [one] * (turn > 0)  # the first warms the disk's cache
    ours, git = medians(runs).values()
    for what, one in medians(runs).items():
        figure(f"{what}, median of {TIMES}", f"{one.seconds:.2f} s, {one.megabytes:.0f} MB")
        figure(f"{what}, CPU of all processes", f"{one.cpu:.2f} s")
    figure("index / git log", f"{ours.seconds / git.seconds:.2f}", f"under {BUDGET_GIT}")
    figure("index / git log, CPU", f"{ours.cpu / git.cpu:.2f}")
    size = (folder / "cache1/index.sqlite").stat().st_size
    figure("the index, a file of", f"{size / 1e6:.1f} MB")
    return ours.seconds


def against_git_history(folder: Path, ours: float) -> None:
    """The same history by git-history, once: the file as recorded, then what the index reads."""
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    pip: list[str | Path] = [
        folder / "venv/bin/pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "git-history==0.8",
    ]
    if subprocess.run(pip, stderr=subprocess.DEVNULL).returncode:
        print("left out, for it cannot be installed here: git-history")
        return

    def analyse(repository: str, path: str, convert: str) -> float:
        command: list[str | Path] = [
            folder / "venv/bin/git-history",
            "file",
            folder / f"{path.replace('/', '-')}.db",
            path,
        ]
        command += ["--repo", folder / repository, "--branch", "main", "--id", "id", "--convert", convert]
        return run([*command, "--silent"]).seconds

    recorded = analyse("source", SOURCE, LISTED)
    files = sorted((folder / "archive/data/models").glob("*.jsonl"))
    split = sum(analyse("archive", f"data/models/{file.name}", LINES) for file in files)
    for what, seconds in (("the recorded file", recorded), (f"the archive's {len(files)} files", split)):
        figure(f"git-history, {what}", f"{seconds:.1f} s")
        figure("git-history / index", f"{seconds / ours:.0f}", f"at least {BUDGET_FASTER}")


if __name__ == "__main__":
    main()
