"""The index under faults: killed, damaged, crowded, cut off: a clear word, and never anything wrong in it.

As a script it is a driver: it starts builds in processes of their own, which may be killed or held short.
"""

import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from orarchive.errors import ArchiveError, GitError
from orarchive.history.attempts import list_attempts, list_tips
from orarchive.history.replay import ReplayState, replay
from orarchive.index import database
from orarchive.index.database import INDEX_NAME, dump_rows, export_bytes, export_file, open_index
from orarchive.sample import START, Service
from orarchive.store.archive import Archive, open_archive
from orarchive.store.git import run_git
from tests.support.archives import DAY, HOUR, ROOT, Stage, every_byte, new_archive, payloads, say
from tests.support.histories import Made, anew, indexed, made, make
from tests.support.requirements import obedient

HOURS = [START + number * HOUR for number in range(-3, 3)]


@dataclass(frozen=True)
class Ready:
    """An archive of six hours in eight commits, its index at the fifth of them and at the last."""

    root: Path
    commits: list[Made]
    names: list[str]
    early: Path
    """A cache with the index at the fifth commit."""
    early_rows: list[str]
    rows: list[str]

    def copy(self, folder: Path) -> tuple[Archive, Path]:
        """A copy of the archive, and a cache with the index at the fifth commit."""
        shutil.copytree(self.root, folder / "archive")
        shutil.copytree(self.early, folder / "cache")
        return open_archive(folder / "archive"), folder / "cache"


@pytest.fixture(scope="module")
def ready(running: Service, tmp_path_factory: pytest.TempPathFactory) -> Ready:
    folder = tmp_path_factory.mktemp("ready")
    stage = Stage(running, new_archive(folder / "first"))
    for number, hour in enumerate(HOURS):
        stage.serve(payloads(START + 7 * number * DAY))
        assert stage.run(hour) == 0
    commits = made(stage.archive)
    root = new_archive(folder / "archive")
    names = make(root, commits)
    archive = open_archive(root)
    say(root, "reset", "--hard", "--quiet", names[4])
    early_rows = indexed(archive, folder / "early")
    say(root, "reset", "--hard", "--quiet", names[-1])
    return Ready(root, commits, names, folder / "early", early_rows, anew(archive))


class Driver:
    """Starts builds in processes of their own: one Python with everything imported, forked for each."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            text=True,
        )

    def close(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def start(self, archive: Archive, cache: Path, **options: Any) -> int:
        """Start a build and return its process id; see `_child`."""
        assert self.process.stdin
        self.process.stdin.write(
            json.dumps({"root": str(archive.root), "cache": str(cache), **options}) + "\n"
        )
        self.process.stdin.flush()
        return int(self._heard())

    def ended(self) -> tuple[int, str]:
        """Wait for the build: its exit code, negative for the signal that ended it, and what it said."""
        code = int(self._heard())
        return code, str(json.loads(self._heard()))

    def _heard(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline()


def _drive() -> None:
    for line in sys.stdin:
        told = json.loads(line)
        heard, says = os.pipe()
        pid = os.fork()
        if not pid:
            os.write(says, _child(told).encode())
            os._exit(0)
        os.close(says)
        print(pid, flush=True)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(code, json.dumps(os.read(heard, 9999).decode()), sep="\n", flush=True)
        os.close(heard)


def _child(told: dict[str, Any]) -> str:
    """Bring an index up, and publish it to `out`; says what went wrong, or how many steps there were.

    It kills itself before the `step` of that number: each git command, each file that is renamed or removed,
    and every few hundred instructions of SQLite are one. No file may grow beyond `most` bytes.
    """
    archive, cache = open_archive(Path(told["root"])), Path(told["cache"])
    database.CACHE_KB = told.get("cache_kb", database.CACHE_KB)
    steps = _kill_at(told["step"]) if "step" in told else []
    if "most" in told and "out" not in told:
        resource.setrlimit(resource.RLIMIT_FSIZE, (told["most"], resource.RLIM_INFINITY))
    try:
        with open_index(archive, cache) as db:
            if "out" in told:
                resource.setrlimit(resource.RLIMIT_FSIZE, (told["most"], resource.RLIM_INFINITY))
                export_file(db, Path(told["out"]))
    except (ArchiveError, OSError) as error:
        return f"{type(error).__name__}: {error}"
    return str(len(steps))


def _kill_at(number: int) -> list[str]:
    steps: list[str] = []

    def step(name: str) -> None:
        steps.append(name)
        if len(steps) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            step(real.__name__)
            return real(*arguments, **options)

        return call

    connect = sqlite3.connect

    def connected(*arguments: Any, **options: Any) -> sqlite3.Connection:
        db: sqlite3.Connection = connect(*arguments, **options)
        db.set_progress_handler(lambda: step("sql"), 200)
        return db

    sqlite3.connect = connected  # type: ignore[assignment]
    for where, name in ((subprocess, "run"), (Path, "replace"), (Path, "unlink")):
        setattr(where, name, counted(getattr(where, name)))
    return steps


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    driver = Driver()
    yield driver
    driver.close()


def sound(archive: Archive, cache: Path, rows: list[str]) -> None:
    """Assert that the next run gives what is right and leaves nothing beside the index."""
    assert indexed(archive, cache) == rows
    assert {path.name for path in cache.iterdir()} == {INDEX_NAME, f"{INDEX_NAME}.lock"}


# kills


@pytest.mark.faults
@pytest.mark.parametrize(
    ("begun", "cache_kb"), [("nothing", 65536), ("an index", 65536), ("an index", 1), ("another past", 1)]
)
def test_killed_at_any_step(ready: Ready, driver: Driver, tmp_path: Path, begun: str, cache_kb: int) -> None:
    """By itself, before a command of git, a rename, a removal, or amid SQL: the next run makes it good."""
    archive, cache = ready.copy(tmp_path)
    if begun == "another past":
        run_git(archive.root, "commit", "--quiet", "--amend", "-m", "Another")
        indexed(archive, cache)
        run_git(archive.root, "reset", "--quiet", "--hard", ready.names[-1])
    elif begun == "nothing":
        shutil.rmtree(cache)
        cache.mkdir()
    kept = every_byte(cache)

    def restart() -> None:
        shutil.rmtree(cache)
        cache.mkdir()
        for name, content in kept.items():
            (cache / name).write_bytes(content)

    driver.start(archive, cache, step=0, cache_kb=cache_kb)
    code, steps = driver.ended()
    assert code == 0
    count = int(steps)
    assert count > 50
    for step in (1, *(count * part // 8 for part in range(1, 8)), *range(count - 3, count + 1)):
        restart()
        driver.start(archive, cache, step=step, cache_kb=cache_kb)
        assert driver.ended()[0] == -signal.SIGKILL
        sound(archive, cache, ready.rows)


@pytest.mark.faults
@pytest.mark.parametrize("begun", ["nothing", "an index"])
def test_killed_at_any_moment(ready: Ready, driver: Driver, tmp_path: Path, begun: str) -> None:
    archive, cache = ready.copy(tmp_path)
    chance = random.Random(begun)
    killed = 0
    for _ in range(10):
        shutil.rmtree(cache)
        shutil.copytree(ready.early, cache) if begun == "an index" else cache.mkdir()
        process = driver.start(archive, cache, cache_kb=chance.choice([1, 65536]))
        time.sleep(chance.uniform(0.005, 0.08))
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        killed += driver.ended()[0] == -signal.SIGKILL
        sound(archive, cache, ready.rows)
    assert killed


# what lies in the cache


def of_another_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("update meta set schema = '0'")


def without_meta(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("delete from meta")


def of_something_else(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("create table mine (x)")


def turned(path: Path) -> None:
    """Garbage in the middle: the first page and the length are right."""
    data = path.read_bytes()
    path.write_bytes(data[:4096] + os.urandom(len(data) - 4096))


def journal_left(path: Path) -> None:
    """The index is deleted, but not what would take back a change that was under way in it."""
    journal = path.with_name(f"{INDEX_NAME}-journal")
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("pragma cache_size = 1")
        db.execute("begin")
        db.execute("update versions set line = line || line")
        content = journal.read_bytes()
        db.execute("rollback")
    path.unlink()
    journal.write_bytes(content)


CHANGES: dict[str, Callable[[Path], object]] = {
    "another schema": of_another_program,
    "no meta": without_meta,
    "another database": of_something_else,
    "zero bytes": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("an index\n" * 9999),
    "garbage": lambda path: path.write_bytes(random.Random(1).randbytes(99_999)),
    "garbage behind the first page": turned,
    "half of it": lambda path: os.truncate(path, path.stat().st_size // 2),
    "a page short": lambda path: os.truncate(path, path.stat().st_size - 4096),
    "a byte short": lambda path: os.truncate(path, path.stat().st_size - 1),
    "a page only": lambda path: os.truncate(path, 4096),
    "half a page": lambda path: os.truncate(path, 2048),
    "more than it says": lambda path: path.write_bytes(path.read_bytes() + bytes(4096)),
    "deleted": Path.unlink,
    "all deleted": lambda path: shutil.rmtree(path.parent),
    "deleted but for its journal": journal_left,
    "a journal of another": lambda path: path.with_name(f"{INDEX_NAME}-journal").write_bytes(
        os.urandom(9999)
    ),
    "leftovers of a killed build": lambda path: [
        path.with_name(f"{INDEX_NAME}.new{end}").write_bytes(os.urandom(9999)) for end in ("", "-journal")
    ],
}


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("new", [True, False], ids=["with new hours", "with nothing new"])
def test_a_damaged_index(ready: Ready, tmp_path: Path, what: str, new: bool) -> None:
    """It is built anew."""
    archive, cache = ready.copy(tmp_path)
    if not new:
        run_git(archive.root, "reset", "--quiet", "--hard", ready.names[4])
    CHANGES[what](cache / INDEX_NAME)
    sound(archive, cache, ready.rows if new else ready.early_rows)


@pytest.mark.parametrize("name", ["versions", "versions_open", "latest", "records", "attempts"])
def test_an_index_that_has_lost_rows(ready: Ready, tmp_path: Path, name: str) -> None:
    """Of a table, or of what SQLite finds them by: it is built anew as soon as that shows."""
    archive, cache = ready.copy(tmp_path)
    with closing(sqlite3.connect(cache / INDEX_NAME)) as db:
        query = "select rootpage, type from sqlite_schema where name = ?"
        page, kind = db.execute(query, (name,)).fetchone()
    with (cache / INDEX_NAME).open("r+b") as file:
        file.seek((page - 1) * 4096)
        leaf = b"\x0a" if kind == "index" else b"\x0d"
        file.write((leaf + b"\0\0\0\0\x10\0\0").ljust(4096, b"\0"))
    sound(archive, cache, ready.rows)


@pytest.mark.faults
def test_every_page_damaged(ready: Ready, tmp_path: Path) -> None:
    """What a fault of the disk does to a page is told, if it is met, and the next run builds anew."""
    archive, cache = ready.copy(tmp_path)
    whole = (cache / INDEX_NAME).read_bytes()
    told = 0
    for page in range(4096, len(whole), 7 * 4096):
        (cache / INDEX_NAME).write_bytes(whole[:page] + b"\xff" * 4096 + whole[page + 4096 :])
        try:
            assert indexed(archive, cache) == ready.rows, page
        except ArchiveError as error:
            told += 1
            assert "damaged" in str(error)
            assert "\n" not in str(error)
            sound(archive, cache, ready.rows)
    assert told


def test_an_index_of_another_archive(ready: Ready, stage: Stage, tmp_path: Path) -> None:
    """In the same cache: each time it is the index of the one that is asked."""
    archive, cache = ready.copy(tmp_path / "copy")
    assert stage.run(START) == 0
    rows = anew(stage.archive)
    for _ in range(2):
        assert indexed(stage.archive, cache) == rows
        sound(archive, cache, ready.rows)


def test_an_index_that_is_a_folder(ready: Ready, tmp_path: Path) -> None:
    archive, cache = ready.copy(tmp_path)
    (cache / INDEX_NAME).unlink()
    (cache / INDEX_NAME / "mine").mkdir(parents=True)
    with pytest.raises(ArchiveError, match="--cache"):
        indexed(archive, cache)


# several at once


def told(*arguments: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """A command, as a person gives it."""
    return subprocess.run(
        [sys.executable, "-m", "orarchive", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.faults
@pytest.mark.parametrize("begun", ["nothing", "an index"])
def test_several_builds_at_once(ready: Ready, tmp_path: Path, begun: str) -> None:
    archive, cache = ready.copy(tmp_path)
    if begun == "nothing":
        shutil.rmtree(cache)
    drivers = [Driver() for _ in range(3)]
    try:
        for _ in range(3):
            for one in drivers:
                one.start(archive, cache)
            assert [one.ended() for one in drivers] == [(0, "0")] * 3
            sound(archive, cache, ready.rows)
            shutil.rmtree(cache)
    finally:
        for one in drivers:
            one.close()


def test_the_second_waits_for_the_first(ready: Ready, tmp_path: Path) -> None:
    archive, cache = ready.copy(tmp_path)
    found: list[list[str]] = []
    second = threading.Thread(target=lambda: found.append(indexed(archive, cache)))
    before = (cache / INDEX_NAME).read_bytes()
    with FileLock(cache / f"{INDEX_NAME}.lock"):
        second.start()
        second.join(0.2)
        assert second.is_alive()
        assert (cache / INDEX_NAME).read_bytes() == before
    second.join()
    assert found == [ready.rows]


def test_an_index_that_goes_on_while_it_is_published(ready: Ready, tmp_path: Path) -> None:
    """What is published is of one moment."""
    archive, cache = ready.copy(tmp_path)
    run_git(archive.root, "reset", "--quiet", "--hard", ready.names[4])
    found: list[list[str]] = []
    other = threading.Thread(target=lambda: found.append(indexed(archive, cache)))

    def go_on(statement: str) -> None:
        if "from fields" in statement and not other.ident:
            run_git(archive.root, "reset", "--quiet", "--hard", ready.names[-1])
            other.start()
            other.join(0.5)

    with open_index(archive, cache) as db:
        db.set_trace_callback(go_on)
        content = export_bytes(db)
        other.join()
    assert found == [ready.rows]
    with open_index(archive_at(ready, tmp_path / "early", 4)) as db:
        assert content == export_bytes(db)


def archive_at(ready: Ready, root: Path, number: int) -> Archive:
    """A clone whose branch stands at a commit."""
    say(root.parent, "clone", "--quiet", "--no-local", str(ready.root), root.name)
    say(root, "reset", "--quiet", "--hard", ready.names[number])
    return open_archive(root)


@pytest.mark.parametrize("when", ["before it is read", "while it is read"])
def test_an_index_that_another_program_holds(
    ready: Ready, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """It is said so in one line after a wait, and the index is the same file, of the same rows."""
    archive, cache = ready.copy(tmp_path)
    indexed(archive, cache)
    before = (cache / INDEX_NAME).stat().st_ino
    real = sqlite3.connect

    def hasty(*arguments: Any, **options: Any) -> Any:
        return real(*arguments, **{**options, "timeout": 0.1})

    with closing(real(cache / INDEX_NAME, isolation_level=None)) as other:
        monkeypatch.setattr(sqlite3, "connect", hasty)
        if when == "before it is read":
            other.execute("begin exclusive")
        words = r"is in use by another program; try again$"
        with pytest.raises(ArchiveError, match=words) as error, open_index(archive, cache) as db:
            if when == "while it is read":
                other.execute("begin exclusive")
            db.execute("select * from attempts").fetchall()
    assert str(cache / INDEX_NAME) in str(error.value)
    assert (cache / INDEX_NAME).stat().st_ino == before
    sound(archive, cache, ready.rows)


# no hours


@pytest.mark.parametrize("question", [["index", "--out", "{}"], ["log", "a/b"], ["price", "a/b"]])
def test_an_archive_whose_commits_hold_no_hours(ready: Ready, tmp_path: Path, question: list[str]) -> None:
    """It is told as of one without commits; an hour then is taken in."""
    root, cache, out = new_archive(tmp_path / "archive"), tmp_path / "cache", tmp_path / "out.sqlite"
    question = [word.format(out) for word in question]
    for _ in range(2):
        done = told(*question, "--archive", root, "--cache", cache)
        words = f"Error: {root} holds no hours yet; python scrape.py archives one\n"
        assert (done.returncode, done.stdout, done.stderr) == (1, "", words)
        assert not out.exists()
        code = [Made({"README.md": b"About\n"})]
        make(root, code)
    make(root, [*code, *ready.commits])
    assert [row for row in indexed(open_archive(root), cache) if row.startswith("events")]


def test_hours_of_a_past_alone_count(ready: Ready, tmp_path: Path) -> None:
    root, cache = new_archive(tmp_path / "archive"), tmp_path / "cache"
    make(root, ready.commits, "past/x")
    code = Made({"README.md": b"About\n"})
    names = make(root, [code, code])
    for name in names:
        say(root, "reset", "--quiet", "--hard", name)
        with open_index(open_archive(root), cache) as db:
            assert db.execute("select count(*) from attempts").fetchone() == (len(ready.commits),)


def test_published_into_no_file(ready: Ready, tmp_path: Path) -> None:
    archive, cache = ready.copy(tmp_path)
    done = told("index", "--archive", archive.root, "--cache", cache, "--out", "")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == "Error: Invalid value for '--out': it must name a file."


# no room, no right


@pytest.mark.parametrize("place", ["below a file", "a file", "/proc", "/proc/1/mine", "/dev/null"])
def test_no_folder_for_the_index(ready: Ready, tmp_path: Path, place: str) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    places = {"below a file": file / "cache", "a file": file}
    with pytest.raises(ArchiveError, match="--cache") as error:
        indexed(open_archive(ready.root), places.get(place, Path(place)))
    assert "\n" not in str(error.value)
    assert file.read_text() == "mine"


@pytest.mark.parametrize("what", ["folder", "index", "out"])
def test_read_only(ready: Ready, tmp_path: Path, what: str) -> None:
    """It is said in one line, and nothing has changed."""
    archive, cache = ready.copy(tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    (out / "index.sqlite").write_bytes(b"old")
    (cache / f"{INDEX_NAME}.lock").unlink(missing_ok=True)
    before = (cache / INDEX_NAME).read_bytes()
    locked = {"folder": cache, "index": cache / INDEX_NAME, "out": out}[what]
    locked.chmod(0o555 if locked.is_dir() else 0o444)
    command = [
        sys.executable,
        "-m",
        "orarchive",
        "index",
        "--archive",
        str(archive.root),
        "--cache",
        str(cache),
    ]
    try:
        done = subprocess.run(
            [*obedient(), *command, "--out", out / "index.sqlite"],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        locked.chmod(0o755)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
    assert str(locked) in done.stderr
    if what != "out":
        assert (cache / INDEX_NAME).read_bytes() == before
    assert every_byte(out) == {"index.sqlite": b"old"}


@pytest.mark.parametrize("most", [0, 100, 4096, 20_000, 200_000])
@pytest.mark.parametrize("begun", ["nothing", "an index", "a damaged one"])
def test_no_room(ready: Ready, driver: Driver, tmp_path: Path, begun: str, most: int) -> None:
    """For more than so many bytes in a file: it is said in one line, and what was there is still there."""
    archive, cache = ready.copy(tmp_path)
    if begun == "nothing":
        (cache / INDEX_NAME).unlink()
    elif begun == "a damaged one":
        of_another_program(cache / INDEX_NAME)
    before = every_byte(cache)
    driver.start(archive, cache, most=most)
    code, said = driver.ended()
    assert code == 0
    assert said.startswith("ArchiveError: ")
    assert "\n" not in said
    if begun == "an index":  # half of a change may stand there, beside the journal that takes it back
        shutil.copytree(cache, tmp_path / "left")
        with closing(sqlite3.connect(tmp_path / "left" / INDEX_NAME)) as db:
            assert list(dump_rows(db)) == ready.early_rows
    else:
        assert {**every_byte(cache), f"{INDEX_NAME}.lock": b""} == {**before, f"{INDEX_NAME}.lock": b""}
    sound(archive, cache, ready.rows)


def test_no_room_for_what_is_published(ready: Ready, driver: Driver, tmp_path: Path) -> None:
    """The old file stays, and nothing lies beside it."""
    archive, cache = ready.copy(tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    (out / "index.sqlite").write_bytes(b"old")
    driver.start(archive, cache, most=100_000, out=str(out / "index.sqlite"))
    code, said = driver.ended()
    assert code == 0
    assert "File too large" in said
    assert every_byte(out) == {"index.sqlite": b"old"}


# what git cannot read


def loose(archive: Archive, name: str) -> Path:
    """The file of an object; all of them are loose in `unpacked`."""
    return archive.git_dir / "objects" / name[:2] / name[2:]


@pytest.fixture
def unpacked(ready: Ready, tmp_path: Path) -> tuple[Archive, Path]:
    """A copy of the archive, its objects in files of their own, and a cache."""
    archive, cache = ready.copy(tmp_path)
    packs = [path.read_bytes() for path in (archive.git_dir / "objects/pack").glob("*.pack")]
    shutil.rmtree(archive.git_dir / "objects/pack")
    for pack in packs:
        run_git(archive.root, "unpack-objects", "-q", stdin=pack)
    return archive, cache


OBJECTS = {
    "a file": "HEAD~2:data/endpoints/facts.jsonl",
    "a file of the first hour": "HEAD~7:data/providers/facts.jsonl",
    "a folder": "HEAD~2:data/models",
    "the root": "HEAD~2^{tree}",
    "a commit": "HEAD~2",
    "the ledger": "HEAD:data/hours/2026-05.jsonl",
    "an old ledger": "HEAD~5:data/hours/2026-05.jsonl",
}
DAMAGE: dict[str, Callable[[Path], object]] = {
    "garbage": lambda path: path.write_bytes(random.Random(1).randbytes(999)),
    "empty": lambda path: path.write_bytes(b""),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:40]),
    "missing": Path.unlink,
}


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("what", OBJECTS)
def test_a_damaged_object(
    unpacked: tuple[Archive, Path], ready: Ready, tmp_path: Path, what: str, how: str
) -> None:
    """One word of git in one line, and no index of what could be read; with the object back, all is well."""
    archive, cache = unpacked
    file = loose(archive, say(archive.root, "rev-parse", OBJECTS[what]))
    content = file.read_bytes()
    file.chmod(0o644)
    DAMAGE[how](file)
    fresh = tmp_path / "fresh"
    for place in (fresh, cache):
        before = every_byte(place) if place.exists() else {}
        try:
            rows = indexed(archive, place)
        except ArchiveError as error:
            assert "\n" not in str(error)
            assert {**every_byte(place), f"{INDEX_NAME}.lock": b""} == {**before, f"{INDEX_NAME}.lock": b""}
        else:
            assert rows == ready.rows
            assert place == cache or what == "an old ledger"
    file.write_bytes(content)
    sound(archive, fresh, ready.rows)
    sound(archive, cache, ready.rows)


@pytest.mark.parametrize("number", [3, -1])
def test_a_commit_that_git_passes_over(unpacked: tuple[Archive, Path], number: int) -> None:
    """It is not taken for one that changed nothing."""
    archive, _ = unpacked
    attempts = list_attempts(archive, list_tips(archive, "HEAD"))
    loose(archive, str(attempts[number].commit)).unlink()
    with pytest.raises(GitError, match=str(attempts[number].commit)):
        list(replay(archive, attempts, None, ReplayState()))


@pytest.mark.faults
def test_a_damaged_pack(ready: Ready, tmp_path: Path) -> None:
    """Wherever the fault is."""
    archive, cache = ready.copy(tmp_path)
    run_git(archive.root, "repack", "-adq")
    (pack,) = (archive.git_dir / "objects/pack").glob("*.pack")
    pack.chmod(0o644)
    content = pack.read_bytes()
    told = 0
    for number in range(8):
        at = len(content) * (2 * number + 1) // 16
        pack.write_bytes(
            content[:at] + bytes(byte ^ 0x55 for byte in content[at : at + 64]) + content[at + 64 :]
        )
        try:
            assert anew(archive) == ready.rows
        except ArchiveError as error:
            told += 1
            assert "\n" not in str(error)
    assert told
    pack.write_bytes(content)
    sound(archive, cache, ready.rows)


# a ledger that lacks a month

MAY = "hours/2026-05.jsonl"


@pytest.mark.parametrize(
    "how", ["by a commit", "with others after it", "on a branch", "renamed", "in a past"]
)
def test_a_missing_month(ready: Ready, tmp_path: Path, how: str) -> None:
    """It is named, with what brings it back; index and published file stay as they are."""
    archive, cache = ready.copy(tmp_path)
    out = tmp_path / "published.sqlite"
    with open_index(archive, cache) as db:
        export_file(db, out)
    before = every_byte(cache), out.read_bytes()
    c = ready.commits
    gone = c[5].having({MAY: None}).but(message="Tidy up\n")
    branch = "main"
    if how == "by a commit":
        history, at = [*c[:6], gone], 6
    elif how == "with others after it":
        history, at = [*c[:6], gone, *(one.having({MAY: None}) for one in c[6:])], 6
    elif how == "on a branch":
        merge = c[6].having({MAY: None}).but(message="Merge\n", parents=(6, 7))
        history, at = [*c[:6], gone, c[6].but(parents=(5,)), merge], 6
    elif how == "renamed":
        history, at = [*c[:6], gone.having({"hours/May.jsonl": c[5][MAY]})], 6
    else:
        history, at, branch = [*c[:6], gone], 6, "past/x"
        make(archive.root, [one.keeping(*c[-1].hours[-2:]) for one in c[6:]])
    names = make(archive.root, history, branch)
    with pytest.raises(ArchiveError) as error:
        indexed(archive, cache)
    said = str(error.value)
    assert said.startswith(f"data/{MAY} is missing: commit {names[at][:10]} deleted it; git restore ")
    assert "\n" not in said
    assert (every_byte(cache), out.read_bytes()) == before
    done = told("index", "--archive", archive.root, "--cache", cache, "--out", out)
    assert (done.returncode, done.stderr) == (2, f"Error: {said}\n")
    assert (every_byte(cache), out.read_bytes()) == before
    if branch == "main":
        command = said.partition("deleted it; ")[2].partition(" and a commit")[0].split()
        say(archive.root, *command[1:])
        say(archive.root, "commit", "--quiet", "-m", "Restore")
        sound(archive, cache, anew(archive))
        assert (archive.data_folder / MAY).read_bytes() == c[5][MAY]


def test_a_month_that_was_reverted_is_not_missing(ready: Ready, tmp_path: Path) -> None:
    """Its one hour, in two attempts; the next hour begins the month anew."""
    archive, cache = ready.copy(tmp_path)
    c = ready.commits
    later = [one.keeping(*c[3].hours, one.hours[-1]) for one in c[6:7]]
    make(archive.root, [*c[:6], c[3].but(message="Revert\n"), *later])
    assert len(c[5].hours) - len(c[3].hours) == 2
    sound(archive, cache, anew(archive))


# publishing


def test_equal_archives_give_equal_bytes(ready: Ready, tmp_path: Path) -> None:
    """Two clones in other folders, one indexed at once and one hour by hour, one with branches of its own."""
    found = []
    for name, steps in (("one", [7]), ("a longer name", range(8)), ("three", [2, 5, 7])):
        archive = archive_at(ready, tmp_path / name, 0)
        for number in steps:
            run_git(archive.root, "reset", "--quiet", "--hard", ready.names[number])
            indexed(archive)
        say(archive.root, "commit", "--quiet", "--allow-empty", "-m", name)
        out = tmp_path / f"{name}.sqlite"
        with open_index(archive) as db:
            export_file(db, out)
            export_file(db, out)
        found.append(out.read_bytes())
    assert found[0] == found[1] == found[2]
    with closing(sqlite3.connect(tmp_path / "one.sqlite")) as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
        assert [row for row in dump_rows(db) if not row.startswith("tips")] == [
            row for row in ready.rows if not row.startswith("tips")
        ]


def test_published_into_a_folder_that_is_not_there(ready: Ready, tmp_path: Path) -> None:
    archive, cache = ready.copy(tmp_path)
    done = told("index", "--archive", archive.root, "--cache", cache, "--out", tmp_path / "no/index.sqlite")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "no/index.sqlite" in done.stderr
    sound(archive, cache, ready.rows)


def test_a_damaged_index_is_not_published(ready: Ready, tmp_path: Path) -> None:
    archive, cache = ready.copy(tmp_path)
    indexed(archive, cache)
    out = tmp_path / "published.sqlite"
    out.write_bytes(b"old")
    with pytest.raises(ArchiveError, match="damaged"), open_index(archive, cache) as db:
        with (cache / INDEX_NAME).open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(4096)
            file.write(b"\xff" * (size - 4096))
        export_file(db, out)
    assert out.read_bytes() == b"old"
    sound(archive, cache, ready.rows)


if __name__ == "__main__":
    _drive()
