"""The key is sent to the service alone: it is in no output, no file, no commit and no page."""

import gzip
import json
import logging
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from orarchive.collect.leaked_key import MIN_KEY_LENGTH, contains_key
from orarchive.collect.rate_limit import RateLimiter
from orarchive.collect.settings import read_settings
from orarchive.errors import ArchiveError, GitError
from orarchive.sample import START, Reply, Service, sample_service
from orarchive.store.git import run_git
from tests.support.archives import CASSETTE_KEY as RECORDED_WITH
from tests.support.archives import (
    DAY,
    DIRECT_ROUTES,
    HOUR,
    Stage,
    build_direct_payloads,
    build_payloads,
    make_archive,
    name_direct_services,
    read_all_files,
    read_data_files,
    read_git,
    run_scrape,
)
from tests.support.archives import PUBLIC_BASE_URL as PUBLIC
from tests.support.browser import run_build
from tests.support.rankings import (
    EARLY,
    FEW,
    MODELS,
    OPENAPI,
    Recorder,
    allow_values,
    change_body,
    read_failures,
    run,
    stage_in,
)

KEY = "sk-or-v1-0f1e2d3c4b5a69788796a5b4c3d2e1f0"
TOKEN = "ghs_0123456789abcdefghijklmnopqrstuvwxyz"
CASSETTES = Path(__file__).parent / "cassettes"


def escape(text: str) -> str:
    """Spell a text in JSON with each letter as an escape."""
    return "".join(f"\\u{ord(letter):04X}" for letter in text)


def encode_middle(text: str, before: int) -> str:
    """Return the base64 of the middle of a text that stands after `before` bytes."""
    return b64encode(b"x" * before + text.encode()).decode()[4:-4]


SPELLINGS = (
    KEY,
    KEY[9:],
    escape(KEY[9:]),
    escape(KEY[9:]).lower(),
    *(encode_middle(KEY, n) for n in range(3)),
)
"""Texts from which the key could be read back."""


def find_key(texts: Iterable[tuple[str, bytes]]) -> list[str]:
    """Return the names of texts that hold the key."""
    return [name for name, text in texts if any(spelling.encode() in text for spelling in SPELLINGS)]


def iter_everything(root: Path) -> Iterator[tuple[str, bytes]]:
    """Yield all files below a folder, git's among them, with what is packed in them, and all git objects."""
    for name, content in read_all_files(root).items():
        yield name, content
        yield name, name.encode()
        if name.endswith(".gz"):
            yield name, gzip.decompress(content)
    yield "git objects", run_git(root, "cat-file", "--batch-all-objects", "--batch")


def test_the_key_is_found_where_it_is(tmp_path: Path) -> None:
    """Find the key in each spelling and place, so that the tests below can fail."""
    root = make_archive(tmp_path / "archive")
    spellings = [KEY, escape(KEY), *(b64encode(b"x" * n + KEY.encode()).decode() for n in range(3))]
    for number, text in enumerate(spellings):
        (root / f"file-{number}").write_text(f'{{"name": "a {text} b"}}')
    (root / "packed.gz").write_bytes(gzip.compress(KEY.encode()))
    read_git(root, "config", "core.key", KEY)
    read_git(root, "add", "file-0")
    read_git(root, "commit", "--quiet", "-m", KEY)
    names = {*find_key(iter_everything(root)), *find_key([("out", KEY.encode())])}
    assert names >= {*(f"file-{n}" for n in range(5)), "packed.gz", ".git/config", ".git/logs/HEAD", "out"}
    assert "git objects" in names


def test_keyed_runs(tmp_path: Path) -> None:
    """Archive an hour with latencies and one with rankings, push both and build the site."""
    root, site = make_archive(tmp_path / "archive"), tmp_path / "site"
    run_git(tmp_path, "init", "--quiet", "--bare", "away")
    read_git(root, "remote", "add", "origin", str(tmp_path / "away"))
    with sample_service(EARLY, key=KEY) as service:
        Recorder(service, [allow_values(FEW)])
        service.fail("providers", "wrong-type")
        environment = {"OPENROUTER_BASE_URL": service.base_url, "OPENROUTER_API_KEY": f"{KEY}\n"}
        environment |= {
            "MOONSHOT_BASE_URL": f"{service.base_url}/direct/moonshot/",
            "MOONSHOT_API_KEY": f"{KEY}\n",
        }
        options = ("--archive", root, "--push", "--hour")
        first = run_scrape(*options, f"{EARLY:%Y-%m-%dT%HZ}", ARCHIVE_LATENCY="1", **environment)
        service.now = later = EARLY + HOUR
        # requests of rankings are sent two seconds apart: this is time for two of them
        environment["SYNC_TIMEOUT_SECONDS"] = "4"
        second = run_scrape(*options, f"{later:%Y-%m-%dT%HZ}", "--rankings", **environment)
        requests = [request for request in service.seen if KEY in str(request.headers)]
    keyed = {request.path.partition("?")[0] for request in requests}
    built = run_build(root, site)
    assert (first.returncode, second.returncode, built.returncode) == (1, 1, 0), second.stderr + built.stderr
    assert {MODELS, DIRECT_ROUTES["direct_moonshot"]} <= keyed
    assert (root / "data/direct/moonshot.jsonl").exists()
    assert any(path.endswith("/endpoints") for path in keyed)
    assert list((root / "quarantine").iterdir())
    assert (root / "data/rankings/models/2025-01.jsonl").exists()
    assert read_git(tmp_path / "away", "rev-parse", "main") == read_git(root, "rev-parse", "main")
    names = [path.name for path in site.rglob("*") if path.suffix in (".html", ".sqlite")]
    assert len(names) > 100
    assert any(name.endswith(".sqlite") for name in names)
    output = "".join(process.stdout + process.stderr for process in (first, second, built))
    assert "Synced" in output
    assert find_key([("output", output.encode())]) == []
    assert find_key(read_all_files(tmp_path).items()) == []
    assert find_key(iter_everything(root)) == find_key(iter_everything(tmp_path / "away")) == []


Echo = Callable[[Any], Any]
"""A good body -> what is sent instead."""


def echo_in_field(text: str) -> Echo:
    """Make an echo that puts a text, byte for byte, into a field of the first record."""

    def echo(body: Any) -> Any:
        body["data"][0]["description"] = "@@"
        return Reply(200, json.dumps(body).replace("@@", text).encode())

    return echo


def echo_in_name(body: Any) -> Any:
    """Use the key as the name of a field."""
    body["data"][0][KEY] = 1
    return body


def echo_in_header(name: str, text: str, status: int = 200) -> Echo:
    """Make an echo that puts a text into a header."""
    return lambda body: Reply(status, json.dumps(body).encode(), {name: text})


def echo_text(text: str, status: int = 200) -> Echo:
    """Make an echo whose body is a text."""
    return lambda body: Reply(status, text.encode())


MESSAGE = f"You sent Authorization: Bearer {KEY}"
ECHOES: dict[str, tuple[Echo, str]] = {
    # the answer, and the reason in the ledger
    "description": (echo_in_field(f"it is {KEY}."), "holds-key"),
    "escaped": (echo_in_field(escape(KEY)), "holds-key"),
    "base64": (echo_in_field(b64encode(MESSAGE.encode()).decode()), "holds-key"),
    "name-of-a-field": (echo_in_name, "holds-key"),
    "wrong-shape": (echo_text(json.dumps({"data": MESSAGE})), "holds-key"),
    "not-json": (echo_text(f"<p>{MESSAGE}</p>"), "holds-key"),
    "cut": (echo_text(f'{{"data": ["{escape(KEY)}'), "holds-key"),
    "error-object": (echo_text(json.dumps({"error": {"message": MESSAGE}})), "holds-key"),
    "error": (echo_text(json.dumps({"error": {"message": MESSAGE}}), 401), "401"),
    "date-and-more": (echo_in_header("Date", f"Mon, 01 Jun 2026 00:00:00 GMT ({KEY})"), "holds-key"),
    "redirect": (echo_in_header("Location", f"http://127.0.0.1:1/{KEY}", 302), "302"),
}


@pytest.mark.parametrize("way", ECHOES)
def test_a_key_that_comes_back(
    stage: Stage, way: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Count the answer as a failure: keep the last good records, and save nothing of it."""
    caplog.set_level(logging.DEBUG)
    direct = name_direct_services(stage.service.base_url, KEY)
    stage.options = {"key": KEY, "latency": True, "direct": direct}
    bodies = build_payloads(START) | build_direct_payloads()
    stage.serve(bodies)
    assert stage.run(START) == 0
    before = read_data_files(stage.root)
    echo, reason = ECHOES[way]
    routes = {"providers": "providers", "direct_deepseek": DIRECT_ROUTES["direct_deepseek"]}
    stage.serve(bodies | {route: echo(bodies[route]) for route in routes.values()})
    assert stage.run(START + DAY, dry_run=True) == stage.run(START + DAY) == 1
    for feed in routes:
        assert stage.read_report(feed)["outcome"] == "failed"
        assert stage.read_report(feed)["reasons"] == [reason]
    assert read_data_files(stage.root) == before
    assert find_key(iter_everything(stage.root)) == []
    assert find_key([("output", (caplog.text + "".join(capsys.readouterr())).encode())]) == []


@pytest.mark.parametrize("route", [MODELS, OPENAPI])
def test_a_key_that_comes_back_in_rankings(
    route: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Refuse the answer to rankings, too, and save nothing of it."""
    caplog.set_level(logging.DEBUG)

    def echo(body: Any) -> Any:
        return (
            {**body, "info": KEY} if route == OPENAPI else {**body, "data": [{**body["data"][0], "x": KEY}]}
        )

    with sample_service(EARLY, key=KEY) as service:
        Recorder(service, [allow_values(FEW), change_body(route, echo)])
        stage = stage_in(service, tmp_path / "archive", key=KEY)
        assert run(stage, EARLY) == 1
        assert "holds-key" in str(read_failures(stage))
        assert find_key(iter_everything(stage.root)) == []
        assert KEY not in caplog.text


def test_a_redirect_is_not_followed(stage: Stage) -> None:
    """Send nothing to the host that a redirect names: it would get the key."""
    with Service(lambda *_: (200, {"data": []})) as target:
        direct = name_direct_services(stage.service.base_url)
        stage.options = {"key": KEY, "latency": True, "direct": direct}
        redirect = Reply(307, b"", {"Location": f"{target.base_url}/models"})
        stage.serve(dict.fromkeys(build_payloads(START) | build_direct_payloads(), redirect))
        assert stage.run(START) == 1
        assert {*DIRECT_ROUTES.values()} < {*stage.take_requests()}
        assert target.seen == []


def test_a_filler_is_no_key() -> None:
    """Look for no short key: a word such as `none` would refuse every body."""
    assert not contains_key(b'{"data": "none"}', "none")
    assert contains_key(b"x" * MIN_KEY_LENGTH, "x" * MIN_KEY_LENGTH)


@pytest.mark.parametrize("key", ['with"quote/and\\more', "with+signs=and~more", "0123456789>?>?>?"])
def test_unusual_keys_are_found(key: str) -> None:
    """Find them in each spelling of JSON and base64."""
    assert contains_key(json.dumps(["a", key]).encode(), key)
    assert contains_key(json.dumps(key).replace("/", "\\/").encode(), key)
    for before in range(3):
        text = b64encode(b"a" * before + key.encode() + b"b")
        assert contains_key(b"." + text, key)
        assert contains_key(text.translate(bytes.maketrans(b"+/", b"-_")), key)
    assert not contains_key(json.dumps(["a", key[1:]]).encode(), key)


def test_a_key_is_shown_by_nothing_that_has_it() -> None:
    """Leave the key out of the text forms of settings and client."""
    settings = read_settings({"OPENROUTER_API_KEY": KEY, "DEEPSEEK_API_KEY": KEY})
    client = settings.make_client(lambda _: None, RateLimiter(0, lambda: 0.0, lambda _: None))
    direct_client = settings.make_direct_clients(lambda _: None)["direct_deepseek"]
    assert settings.key == client.key == direct_client.key == KEY
    assert KEY not in repr(direct_client)
    assert KEY not in f"{settings!r} {settings} {client!r} {client} {vars(client)['_session'].headers}"


@pytest.mark.parametrize("name", ["OPENROUTER_API_KEY", "DEEPSEEK_API_KEY"])
@pytest.mark.parametrize("key", [f"{KEY}\nX-Other: 1", f"{KEY}\r\n\r\nGET /", f"{KEY}\x00", f"{KEY}\u20ac"])
def test_a_key_that_cannot_be_sent(key: str, name: str) -> None:
    with pytest.raises(ArchiveError, match=f"{name} holds characters") as error:
        read_settings({name: key})
    assert KEY not in str(error.value)


def test_no_password_of_the_machine_is_sent(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Send no Authorization from an entry of .netrc."""
    (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login me password {TOKEN}\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert stage.run(START) == 0
    assert stage.service.seen
    assert not any("Authorization" in request.headers for request in stage.service.seen)


def test_git_is_not_told_the_key(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the key from git and the programs that its configuration names, such as a credential helper."""
    for name in ("OPENROUTER_API_KEY", "DASHSCOPE_API_KEY"):
        monkeypatch.setenv(name, KEY)
    environment = tmp_path / "environment"
    refused = Reply(401, b"", {"WWW-Authenticate": 'Basic realm="git"'})
    with Service(lambda *_: refused, base="") as remote:
        read_git(stage.root, "config", "credential.helper", f"!env >> {environment};:")
        read_git(stage.root, "remote", "add", "origin", f"{remote.base_url}/archive.git")
        with pytest.raises(GitError):
            stage.run(START, push=True)
    assert "GIT_TERMINAL_PROMPT=0" in environment.read_text()
    assert KEY not in environment.read_text()


# --- other secrets: the token in a remote's address, a password in the base URL -----------------------------


@pytest.mark.parametrize(
    ("user", "status"), [(TOKEN, 401), (TOKEN, 403), (f"x-access-token:{TOKEN}", 401), (TOKEN, 404)]
)
def test_the_token_of_a_remote_is_not_printed(stage: Stage, user: str, status: int) -> None:
    """Hide the token where a push is refused: git names the address when it asks for a password."""
    refused = Reply(status, b"", {"WWW-Authenticate": 'Basic realm="git"'})
    with Service(lambda *_: refused, base="") as remote:
        address = remote.base_url.replace("://", f"://{user}@") + "/archive.git"
        read_git(stage.root, "remote", "add", "origin", address)
        assert remote.seen == []
        with pytest.raises(GitError) as error:
            stage.run(START, push=True)
        assert remote.seen
    assert re.search(r"127\.0\.0\.1|exit", str(error.value))
    assert TOKEN not in str(error.value)
    assert {name for name, text in iter_everything(stage.root) if TOKEN.encode() in text} == {".git/config"}


@pytest.mark.parametrize(
    "address", ["https://me:{}@example.org/api", "https://{}@example.org", "me:{}@example.org"]
)
def test_a_password_in_the_base_url(address: str) -> None:
    """Refuse it: it would never be sent, but logged with the address where the service says to wait."""
    for name in ("OPENROUTER_BASE_URL", "MOONSHOT_BASE_URL"):
        with pytest.raises(ArchiveError, match=f"{name} names a user") as error:
            read_settings({name: address.format(TOKEN)})
    assert TOKEN not in str(error.value)


def read_cassettes() -> list[Any]:
    """Return the content of all cassettes."""
    return [YAML(typ="safe").load(path) for path in CASSETTES.rglob("*.yaml")]


def walk(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield a value and all values inside, each with its name in lower case."""
    yield name.lower(), value
    if isinstance(value, dict):
        for child_name, child in value.items():
            yield from walk(child, str(child_name))
    elif isinstance(value, list):
        for child in value:
            yield from walk(child)


def test_cassettes_hold_no_authorization() -> None:
    """Record no value of a private header."""
    private = ("authorization", "cookie", "set-cookie", "x-api-key")
    values = [value for cassette in read_cassettes() for name, value in walk(cassette) if name in private]
    assert values
    assert all(value == ["(left out)"] for value in values)


def test_cassettes_hold_no_key() -> None:
    """Record no key in bodies and addresses, in any spelling, wherever a line of the file ends."""
    values = [value for cassette in read_cassettes() for _, value in walk(cassette)]
    texts = [value if isinstance(value, bytes) else str(value).encode() for value in values]
    assert any(text.startswith(f"{PUBLIC}/models/".encode()) for text in texts)
    assert any(text.startswith(b'{"data":') for text in texts)
    assert not [text for text in texts if b"sk-or-" in text or contains_key(text, RECORDED_WITH)]
