"""What else is read - other archives, what runs leave, the environment - is read, or refused by name."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from orarchive.cli.build_site import build_site_command
from orarchive.cli.main import main as orarchive_command
from orarchive.collect import openapi
from orarchive.collect.rankings_attempt import RequestCounter
from orarchive.collect.settings import read_settings
from orarchive.errors import ArchiveError
from orarchive.sample import START, Reply
from orarchive.store.git import run_git
from tests.support import hostile_values
from tests.support.all_readers import run_command
from tests.support.archives import NO_WAITS, Stage, new_archive, payloads, say, tidy
from tests.support.rankings import EARLY


@pytest.mark.parametrize("seconds", ["9" * 15, "95617584000", "-99999999999"])
def test_an_import_of_another_time(tmp_path: Path, seconds: str) -> None:
    """Seen to fail without `_time` in importer/source.py: year 142013 is out of range."""
    source = new_archive(tmp_path / "source")
    blob = run_git(source, "hash-object", "-w", "--stdin", stdin=b'{"data":[{"id":"x"}]}').decode().strip()
    tree = run_git(source, "mktree", stdin=f"100644 blob {blob}\tmodels.json\n".encode()).decode().strip()
    who = f"A <a@example.org> {seconds} +0000"
    whole = f"tree {tree}\nauthor {who}\ncommitter {who}\n\nx\n".encode()
    made = (
        run_git(source, "hash-object", "-t", "commit", "--literally", "-w", "--stdin", stdin=whole)
        .decode()
        .strip()
    )
    say(source, "update-ref", "refs/heads/main", made)
    archive = new_archive(tmp_path / "archive")
    options = ("import", "--archive", str(archive), str(source), "--path", "models.json", "--scope", "models")
    done = run_command(orarchive_command, *options)
    assert done.exit_code == 2
    assert "cannot be meant" in done.stderr


@settings(max_examples=30, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=100))
@example(b"2025-01-15 \xff")
@example(b"2025-01-15 " + b"9" * 5000)
@example(b"2025-01-15 \xd9\xa3")
def test_any_counter_of_requests(tmp_path: Path, content: bytes) -> None:
    """Seen to fail with `read_text` in ranking.py (no text), and without `len` (too many digits)."""
    path = tmp_path / "counter"
    path.write_bytes(content)
    counter = RequestCounter(path, EARLY)
    before = counter.count
    assert 0 <= before < 10**9
    counter.take()
    assert RequestCounter(path, EARLY).count == before + 1


@pytest.mark.parametrize("content", [b"", b"\xff" * 9, b"[" * 9999])
def test_any_journal(stage: Stage, content: bytes) -> None:
    """It says that there was a run, whatever is in it."""
    (stage.root / ".git/orarchive.journal").write_bytes(content)
    assert stage.run(START) == 0
    tidy(stage.root)


def test_any_list_of_what_git_ignores(stage: Stage) -> None:
    """It is the owner's, and stays; seen to fail with `read_text` in quarantine.py: no text."""
    exclude = stage.root / ".git/info/exclude"
    exclude.parent.mkdir(exist_ok=True)
    exclude.write_bytes(b"caf\xe9\n")
    stage.serve({**payloads(START), "providers": Reply(200, b"<")})
    assert stage.run(START) == 1
    assert exclude.read_bytes() == b"caf\xe9\n/quarantine/\n"


@pytest.mark.parametrize("content", [b"5", b'{"x":1}', b'["\\u0000"]', b"\xff", b"[" * 100_000])
def test_any_list_of_what_was_built(two_hours: Stage, tmp_path: Path, content: bytes) -> None:
    """Seen to fail without TypeError and RecursionError in `_manifest` of render.py, and without its `try`
    around all of it (a NUL in a name).
    """
    (tmp_path / ".built.json").write_bytes(content)
    done = run_command(build_site_command, "--archive", str(two_hours.root), "--out", str(tmp_path))
    assert done.exit_code == 2 or content == b'{"x":1}'


SETTINGS = ("OPENROUTER_BASE_URL", "OPENROUTER_API_KEY", "ARCHIVE_CONTACT_URL", "GITHUB_REPOSITORY")
NUMBERS = tuple(
    f"SYNC_{name}" for name in ("MIN_INTERVAL_MINUTES", "TIMEOUT_SECONDS", "WORKERS", "REQUESTS_PER_SECOND")
)


@settings(max_examples=60, derandomize=True)
@given(
    st.dictionaries(
        st.sampled_from(SETTINGS + NUMBERS),
        st.sampled_from(hostile_values.TEXTS)
        | st.text(max_size=20).map("http://127.0.0.1:".__add__)
        | st.text(max_size=20),
        min_size=1,
    )
)
@example({"OPENROUTER_BASE_URL": "http://["})
@example({"OPENROUTER_BASE_URL": "http://\udcff/"})
@example({"ARCHIVE_CONTACT_URL": "https://caf\u00e9.example\n"})
@example({"GITHUB_REPOSITORY": "\u20ac/x"})
def test_any_environment(environment: dict[str, str]) -> None:
    """It is refused in words, or one can ask with it.

    Seen to fail without `_is_address` in settings.py (Invalid IPv6 URL), and without its check of the contact
    (a character that does not fit into a header).
    """
    try:
        asking = read_settings({"OPENROUTER_BASE_URL": "http://127.0.0.1:9", **environment})
    except ArchiveError:
        return
    assert openapi.get_origin(asking.base_url)
    client = replace(asking, base_url="http://127.0.0.1:9", retry_policy=NO_WAITS).make_client(lambda _: None)
    client.deadline = time.monotonic() + 30
    assert client.get("x", keyed=True, tries=1).reason == "connection"
