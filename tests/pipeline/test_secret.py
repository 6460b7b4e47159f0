"""The key is sent to the service and to nobody else: it is in no output, no file, no commit and no page."""

import gzip
import json
import logging
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from orarchive.collect.rate_limit import RateLimiter
from orarchive.collect.secret import MIN_KEY_LENGTH, contains_key
from orarchive.collect.settings import read_settings
from orarchive.errors import ArchiveError, GitError
from orarchive.sample import START, Reply, Service, sample_service
from orarchive.store.git import run_git
from tests.pipeline.test_cassettes import KEY as RECORDED_WITH
from tests.pipeline.test_cassettes import PUBLIC
from tests.support.archives import HOUR, Stage, data_files, every_byte, new_archive, payloads, say, scrape
from tests.support.browser import run_build
from tests.support.rankings import EARLY, FEW, MODELS, OPENAPI, Told, bad, naming, run, serving, stage_in

KEY = "sk-or-v1-0f1e2d3c4b5a69788796a5b4c3d2e1f0"
TOKEN = "ghs_0123456789abcdefghijklmnopqrstuvwxyz"
CASSETTES = Path(__file__).parent / "cassettes"


def escaped(text: str) -> str:
    """A text as JSON may spell it, every letter by its number."""
    return "".join(f"\\u{ord(letter):04X}" for letter in text)


def inner(text: str, before: int) -> str:
    """What base64 makes of the middle of a text that stands after so many bytes."""
    return b64encode(b"x" * before + text.encode()).decode()[4:-4]


SPELLED = (KEY, KEY[9:], escaped(KEY[9:]), escaped(KEY[9:]).lower(), *(inner(KEY, n) for n in range(3)))
"""Ways in which a key could be read back."""


def shown(texts: Iterator[tuple[str, bytes]]) -> list[str]:
    """The names of those that hold the key."""
    return [name for name, text in texts if any(one.encode() in text for one in SPELLED)]


def everything(root: Path) -> Iterator[tuple[str, bytes]]:
    """All files below a folder, git's own among them, the payloads of quarantine and all git objects."""
    for name, content in every_byte(root).items():
        yield name, content
        yield name, name.encode()
        if name.endswith(".gz"):
            yield name, gzip.decompress(content)
    yield "git objects", run_git(root, "cat-file", "--batch-all-objects", "--batch")


def test_the_key_is_found_where_it_is(tmp_path: Path) -> None:
    """Else the tests below would find nothing anywhere."""
    root = new_archive(tmp_path / "archive")
    spelled = [KEY, escaped(KEY), *(b64encode(b"x" * n + KEY.encode()).decode() for n in range(3))]
    for number, text in enumerate(spelled):
        (root / f"file-{number}").write_text(f'{{"name": "a {text} b"}}')
    (root / "packed.gz").write_bytes(gzip.compress(KEY.encode()))
    say(root, "config", "core.key", KEY)
    say(root, "add", "file-0")
    say(root, "commit", "--quiet", "-m", KEY)
    found = {*shown(everything(root)), *shown(iter([("out", KEY.encode())]))}
    assert found >= {*(f"file-{n}" for n in range(5)), "packed.gz", ".git/config", ".git/logs/HEAD", "out"}
    assert "git objects" in found


def test_keyed_runs(tmp_path: Path) -> None:
    """Two hours with a key as a person runs them, one with latencies, one with rankings; pushed and built.

    Seen to fail with the key in the ledger's notes, and with it in the log.
    """
    root, site = new_archive(tmp_path / "archive"), tmp_path / "site"
    run_git(tmp_path, "init", "--quiet", "--bare", "away")
    say(root, "remote", "add", "origin", str(tmp_path / "away"))
    with sample_service(EARLY, key=KEY) as service:
        Told(service, [naming(FEW)])
        service.fail("providers", "wrong-type")
        asking = {"OPENROUTER_BASE_URL": service.base_url, "OPENROUTER_API_KEY": f"{KEY}\n"}
        options = ("--archive", root, "--push", "--hour")
        first = scrape(*options, f"{EARLY:%Y-%m-%dT%HZ}", ARCHIVE_LATENCY="1", **asking)
        service.now = later = EARLY + HOUR
        # two requests of rankings and no more: they come two seconds apart
        asking["SYNC_TIMEOUT_SECONDS"] = "4"
        second = scrape(*options, f"{later:%Y-%m-%dT%HZ}", "--rankings", **asking)
        keyed = {seen.path.partition("?")[0] for seen in service.seen if KEY in str(seen.headers)}
    made = run_build(root, site)
    assert (first.returncode, second.returncode, made.returncode) == (1, 1, 0), second.stderr + made.stderr
    assert MODELS in keyed
    assert any(path.endswith("/endpoints") for path in keyed)
    assert list((root / "quarantine").iterdir())
    assert (root / "data/rankings/models/2025-01.jsonl").exists()
    assert say(tmp_path / "away", "rev-parse", "main") == say(root, "rev-parse", "main")
    names = [path.name for path in site.rglob("*") if path.suffix in (".html", ".sqlite")]
    assert len(names) > 100
    assert any(name.endswith(".sqlite") for name in names)
    said = "".join(done.stdout + done.stderr for done in (first, second, made))
    assert "Synced" in said
    assert shown(iter([("output", said.encode())])) == []
    assert shown(iter(every_byte(tmp_path).items())) == []
    assert shown(everything(root)) == shown(everything(tmp_path / "away")) == []


Echo = Callable[[Any], Any]
"""A good body -> what is sent instead."""


def in_field(text: str) -> Echo:
    """A field of the first record holds a text, put into the bytes as it is."""

    def echo(body: Any) -> Any:
        body["data"][0]["description"] = "@@"
        return Reply(200, json.dumps(body).replace("@@", text).encode())

    return echo


def in_name(body: Any) -> Any:
    body["data"][0][KEY] = 1
    return body


def in_header(name: str, text: str, status: int = 200) -> Echo:
    return lambda body: Reply(status, json.dumps(body).encode(), {name: text})


def whole(text: str, status: int = 200) -> Echo:
    return lambda body: Reply(status, text.encode())


NOT_THIS = f"You sent Authorization: Bearer {KEY}"
ECHOES: dict[str, tuple[Echo, str]] = {
    # what is sent, and the reason that the ledger names
    "description": (in_field(f"it is {KEY}."), "holds-key"),
    "escaped": (in_field(escaped(KEY)), "holds-key"),
    "base64": (in_field(b64encode(NOT_THIS.encode()).decode()), "holds-key"),
    "name-of-a-field": (in_name, "holds-key"),
    "wrong-shape": (whole(json.dumps({"data": NOT_THIS})), "holds-key"),
    "not-json": (whole(f"<p>{NOT_THIS}</p>"), "holds-key"),
    "cut": (whole(f'{{"data": ["{escaped(KEY)}'), "holds-key"),
    "error-object": (whole(json.dumps({"error": {"message": NOT_THIS}})), "holds-key"),
    "error": (whole(json.dumps({"error": {"message": NOT_THIS}}), 401), "401"),
    "date": (in_header("Date", KEY), "holds-key"),
    "date-and-more": (in_header("Date", f"Mon, 01 Jun 2026 00:00:00 GMT ({KEY})"), "holds-key"),
    "redirect": (in_header("Location", f"http://127.0.0.1:1/{KEY}", 302), "302"),
}


@pytest.mark.parametrize("way", ECHOES)
def test_a_key_that_comes_back(
    stage: Stage, way: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """The answer counts as not had: the last good records stay, and nothing is saved of it.

    Seen to fail without `holds` in client.py, for the body and for the header each.
    """
    caplog.set_level(logging.DEBUG)
    stage.options = {"key": KEY, "latency": True}
    assert stage.run(START) == 0
    before = data_files(stage.root)
    echo, reason = ECHOES[way]
    bodies = payloads(START)
    stage.serve({**bodies, "providers": echo(bodies["providers"])})
    assert stage.run(START + HOUR, dry_run=True) == stage.run(START + HOUR) == 1
    assert stage.report("providers")["outcome"] == "failed"
    assert stage.report("providers")["reasons"] == [reason]
    assert data_files(stage.root) == before
    assert shown(everything(stage.root)) == []
    assert shown(iter([("output", (caplog.text + "".join(capsys.readouterr())).encode())])) == []


@pytest.mark.parametrize("route", [MODELS, OPENAPI])
def test_a_key_that_comes_back_in_rankings(
    route: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Seen to fail without `holds` in client.py: the key stood in a commit."""
    caplog.set_level(logging.DEBUG)

    def echo(body: Any) -> Any:
        return (
            {**body, "info": KEY} if route == OPENAPI else {**body, "data": [{**body["data"][0], "x": KEY}]}
        )

    with sample_service(EARLY, key=KEY) as service:
        Told(service, [naming(FEW), serving(route, echo)])
        stage = stage_in(service, tmp_path / "archive", key=KEY)
        assert run(stage, EARLY) == 1
        assert "holds-key" in str(bad(stage))
        assert shown(everything(stage.root)) == []
        assert KEY not in caplog.text


def test_a_redirect_is_not_followed(stage: Stage) -> None:
    """Not to another host, which would be told the key: seen to fail with redirects allowed."""
    with Service(lambda *_: (200, {"data": []})) as other:
        stage.options = {"key": KEY, "latency": True}
        away = Reply(307, b"", {"Location": f"{other.base_url}/models"})
        stage.serve(dict.fromkeys(payloads(START), away))
        assert stage.run(START) == 1
        assert stage.asked()
        assert other.seen == []


def test_a_filler_is_no_key() -> None:
    """Seen to fail without SHORTEST: a word such as `none` would refuse every body."""
    assert not contains_key(b'{"data": "none"}', "none")
    assert contains_key(b"x" * MIN_KEY_LENGTH, "x" * MIN_KEY_LENGTH)


@pytest.mark.parametrize("key", ['with"quote/and\\more', "with+signs=and~more", "0123456789>?>?>?"])
def test_unusual_keys_are_found(key: str) -> None:
    """However JSON or base64 spells them; seen to fail without either spelling."""
    assert contains_key(json.dumps(["a", key]).encode(), key)
    assert contains_key(json.dumps(key).replace("/", "\\/").encode(), key)
    for before in range(3):
        text = b64encode(b"a" * before + key.encode() + b"b")
        assert contains_key(b"." + text, key)
        assert contains_key(text.translate(bytes.maketrans(b"+/", b"-_")), key)
    assert not contains_key(json.dumps(["a", key[1:]]).encode(), key)


def test_a_key_is_shown_by_nothing_that_has_it() -> None:
    """Seen to fail without `repr=False` in Settings and in Client."""
    settings = read_settings({"OPENROUTER_API_KEY": KEY})
    client = settings.make_client(lambda _: None, RateLimiter(0, lambda: 0.0, lambda _: None))
    assert settings.key == client.key == KEY
    assert KEY not in f"{settings!r} {settings} {client!r} {client} {vars(client)['_session'].headers}"


@pytest.mark.parametrize("key", [f"{KEY}\nX-Other: 1", f"{KEY}\r\n\r\nGET /", f"{KEY}\x00", f"{KEY}\u20ac"])
def test_a_key_that_cannot_be_sent(key: str) -> None:
    with pytest.raises(ArchiveError, match="OPENROUTER_API_KEY holds characters") as error:
        read_settings({"OPENROUTER_API_KEY": key})
    assert KEY not in str(error.value)


def test_no_password_of_the_machine_is_sent(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen to fail without `_session.auth` in client.py: an entry of .netrc went along."""
    (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login me password {TOKEN}\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert stage.run(START) == 0
    assert stage.service.seen
    assert [seen.path for seen in stage.service.seen if "Authorization" in seen.headers] == []


def test_git_is_not_told_the_key(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor are the programs that its configuration names, such as one that knows passwords.

    Seen to fail without the key's name among those that git.py takes out of the environment.
    """
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    said = tmp_path / "environment"
    refused = Reply(401, b"", {"WWW-Authenticate": 'Basic realm="git"'})
    with Service(lambda *_: refused, base="") as remote:
        say(stage.root, "config", "credential.helper", f"!env >> {said};:")
        say(stage.root, "remote", "add", "origin", f"{remote.base_url}/archive.git")
        with pytest.raises(GitError):
            stage.run(START, push=True)
    assert "GIT_TERMINAL_PROMPT=0" in said.read_text()
    assert KEY not in said.read_text()


# Other secrets: the token in a remote's address, a password in the base URL


@pytest.mark.parametrize("user", [TOKEN, f"x-access-token:{TOKEN}"])
@pytest.mark.parametrize("status", [401, 403, 404])
def test_the_token_of_a_remote_is_not_printed(stage: Stage, user: str, status: int) -> None:
    """By a push that is refused; git names the address where it asks for a password.

    Seen to fail without `_CREDENTIALS` in git.py, for a token that stands as a user.
    """
    refused = Reply(status, b"", {"WWW-Authenticate": 'Basic realm="git"'})
    with Service(lambda *_: refused, base="") as remote:
        address = remote.base_url.replace("://", f"://{user}@") + "/archive.git"
        say(stage.root, "remote", "add", "origin", address)
        assert remote.seen == []
        with pytest.raises(GitError) as error:
            stage.run(START, push=True)
        assert remote.seen
    assert re.search(r"127\.0\.0\.1|exit", str(error.value))
    assert TOKEN not in str(error.value)
    assert {name for name, text in everything(stage.root) if TOKEN.encode() in text} == {".git/config"}


@pytest.mark.parametrize(
    "address", ["https://me:{}@example.org/api", "https://{}@example.org", "me:{}@example.org"]
)
def test_a_password_in_the_base_url(address: str) -> None:
    """It would be printed with the address where the service says wait, and is never sent.

    Seen to fail without the check in settings.py.
    """
    with pytest.raises(ArchiveError, match="OPENROUTER_BASE_URL names a user") as error:
        read_settings({"OPENROUTER_BASE_URL": address.format(TOKEN)})
    assert TOKEN not in str(error.value)


def recorded() -> list[Any]:
    """The cassettes."""
    return [YAML(typ="safe").load(path) for path in CASSETTES.rglob("*.yaml")]


def members(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """A value and whatever is in it, each with the name that it goes by."""
    yield name.lower(), value
    if isinstance(value, dict):
        for own, child in value.items():
            yield from members(child, str(own))
    elif isinstance(value, list):
        for child in value:
            yield from members(child)


def test_cassettes_hold_no_authorization() -> None:
    """Whatever a recording was made with; seen to fail with a value written into one."""
    private = ("authorization", "cookie", "set-cookie", "x-api-key")
    said = [value for one in recorded() for name, value in members(one) if name in private]
    assert said
    assert all(value == ["(left out)"] for value in said)


def test_cassettes_hold_no_key() -> None:
    """Nor do bodies and addresses, however they are spelled and wherever a line of the file ends.

    Seen to fail with the key of a recording in an address, and in a body, there in base64 too.
    """
    found = [value for one in recorded() for _, value in members(one) if isinstance(value, str | bytes)]
    texts = [value.encode() if isinstance(value, str) else value for value in found]
    assert any(text.startswith(f"{PUBLIC}/models/".encode()) for text in texts)
    assert any(text.startswith(b'{"data":') for text in texts)
    assert not [text for text in texts if b"sk-or-" in text or contains_key(text, RECORDED_WITH)]
