"""Other input - source repositories, leftovers of runs, the environment - is read, or refused in words."""

import gzip
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from orarchive.cli.build_site import build_site_command
from orarchive.cli.main import main as orarchive_command
from orarchive.collect import openapi
from orarchive.collect.request_budget import RequestCounter
from orarchive.collect.settings import read_settings
from orarchive.errors import ArchiveError
from orarchive.publish.site_folder import MANIFEST
from orarchive.sample import START, Reply
from orarchive.store.git import run_git
from tests.support import hostile_values
from tests.support.all_readers import run_command
from tests.support.archives import NO_WAITS, Stage, assert_tidy, build_payloads, make_archive, read_git
from tests.support.rankings import EARLY


@pytest.mark.parametrize("seconds", ["9" * 15, "95617584000", "-99999999999"])
def test_a_source_commit_beyond_the_calendar(tmp_path: Path, seconds: str) -> None:
    """An import leaves it out, and goes on: the largest of these is in the year 142013."""
    source = make_archive(tmp_path / "source")
    blob = run_git(source, "hash-object", "-w", "--stdin", stdin=b'{"data":[{"id":"x"}]}').decode().strip()
    tree = run_git(source, "mktree", stdin=f"100644 blob {blob}\tmodels.json\n".encode()).decode().strip()
    other = run_git(source, "hash-object", "-w", "--stdin", stdin=b'{"data":[{"id":"y"}]}').decode().strip()
    second = run_git(source, "mktree", stdin=f"100644 blob {other}\tmodels.json\n".encode()).decode().strip()
    command = ("hash-object", "-t", "commit", "--literally", "-w", "--stdin")
    commits: list[str] = []
    for root, moment in ((tree, seconds), (second, "1740000000")):
        person = f"A <a@example.org> {moment} +0000"
        parents = "".join(f"parent {commit}\n" for commit in commits[-1:])
        content = f"tree {root}\n{parents}author {person}\ncommitter {person}\n\nx\n".encode()
        commits.append(run_git(source, *command, stdin=content).decode().strip())
    read_git(source, "update-ref", "refs/heads/main", commits[-1])
    archive = make_archive(tmp_path / "archive")
    options = ("import", "--archive", str(archive), str(source), "--path", "models.json", "--scope", "models")
    result = run_command(orarchive_command, *options)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("Hours on main: 1, 2025-02-19T21Z to 2025-02-19T21Z")
    assert "Versions of models.json: 2 (" in result.stdout


@settings(max_examples=30, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=100))
@example(b"2025-01-15 \xff")
@example(b"2025-01-15 " + b"9" * 5000)
@example(b"2025-01-15 \xd9\xa3")
def test_any_content_of_the_request_counter(tmp_path: Path, content: bytes) -> None:
    """Also one that is not UTF-8, or has too many digits for a number."""
    path = tmp_path / "counter"
    path.write_bytes(content)
    counter = RequestCounter(path, EARLY)
    before = counter.count
    assert 0 <= before < 10**9
    counter.add()
    assert RequestCounter(path, EARLY).count == before + 1


@pytest.mark.parametrize("content", [b"", b"\xff" * 9, b"[" * 9999])
def test_any_content_of_the_journal(stage: Stage, content: bytes) -> None:
    """A journal says that a run was under way, whatever is in it."""
    (stage.root / ".git/orarchive.journal").write_bytes(content)
    assert stage.run(START) == 0
    assert_tidy(stage.root)


def test_any_content_of_the_list_of_ignored_files(stage: Stage) -> None:
    """A run only adds a line to it; the lines of the owner need not be UTF-8."""
    exclude = stage.root / ".git/info/exclude"
    exclude.parent.mkdir(exist_ok=True)
    exclude.write_bytes(b"caf\xe9\n")
    stage.serve({**build_payloads(START), "providers": Reply(200, b"<")})
    assert stage.run(START) == 1
    assert exclude.read_bytes() == b"caf\xe9\n/quarantine/\n"


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize("content", [b"5", b'{"x":1}', b'["\\u0000"]', b"\xff", b"[" * 100_000])
def test_any_content_of_the_manifest_of_a_site(two_hours: Stage, tmp_path: Path, content: bytes) -> None:
    """A manifest that is not one is refused; an object with other members is taken for an empty one."""
    (tmp_path / MANIFEST).write_bytes(content if content == b"\xff" else gzip.compress(content))
    result = run_command(build_site_command, "--archive", str(two_hours.root), "--out", str(tmp_path))
    assert result.exit_code == 2 or content == b'{"x":1}'


TEXT_SETTINGS = ("OPENROUTER_BASE_URL", "OPENROUTER_API_KEY", "ARCHIVE_CONTACT_URL", "GITHUB_REPOSITORY")
NUMBER_SETTINGS = tuple(
    f"SYNC_{name}" for name in ("MIN_INTERVAL_MINUTES", "TIMEOUT_SECONDS", "WORKERS", "REQUESTS_PER_SECOND")
)


@settings(max_examples=60, derandomize=True)
@given(
    st.dictionaries(
        st.sampled_from(TEXT_SETTINGS + NUMBER_SETTINGS),
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
    """The settings are refused with a reason, or requests can be made with them.

    Among the examples are an invalid IPv6 address and a contact that does not fit into a header.
    """
    try:
        request_settings = read_settings({"OPENROUTER_BASE_URL": "http://127.0.0.1:9", **environment})
    except ArchiveError:
        return
    assert openapi.get_origin(request_settings.base_url)
    loopback = replace(request_settings, base_url="http://127.0.0.1:9", retry_policy=NO_WAITS)
    client = loopback.make_client(lambda _: None)
    client.deadline = time.monotonic() + 30
    assert client.get("x", keyed=True, tries=1).reason == "refused"
