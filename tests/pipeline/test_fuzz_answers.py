"""Hostile answers: any bytes are read or refused by name, and any valid value breaks no reader."""

import gc
import random
import socket
import time
import tracemalloc
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from gzip import compress
from itertools import chain
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from orarchive.collect.client import Client, RetryPolicy
from orarchive.collect.rate_limit import RateLimiter
from orarchive.collect.results import FetchResult, parse_http_date
from orarchive.index.database import build_in_memory
from orarchive.jsonl import Number, dumps
from orarchive.publish.dataset_reader import read_dataset
from orarchive.sample import START, Reply, Service
from orarchive.store.ledger import BAD_OUTCOMES, VALID_AGES
from tests.support import hostile_values
from tests.support.all_readers import ask, questions_to, site, with_rankings
from tests.support.archives import FEW, HOUR, Stage, build_payloads, make_archive
from tests.support.rankings import Alter, reports

# --- bytes --------------------------------------------------------------------------------------------------

HEADS = (
    *(b"HTTP/1.1 200 OK", b"HTTP/1.0 200", b"HTTP/9.9 200 OK", b"HTTP/1.1 204 x", b"HTTP/1.1 301 x"),
    *(b"HTTP/1.1 302 Found", b"HTTP/1.1 429 x", b"HTTP/1.1 503 x", b"HTTP/1.1 999 x", b"HTTP/1.1 -1 x"),
    b"200",
)
LOCATIONS = (b"Location: /", b"Location: http://[", b"Location: http://\xff/", b"Location: //:99999/")
HEADERS = (
    *(b"Content-Length: 2", b"Content-Length: -1", b"Content-Length: 2, 3", b"Content-Length: " + b"9" * 20),
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: x", b"Content-Encoding: gzip"),
    *(b"Content-Encoding: br", b"Content-Encoding: gzip, gzip", b"Content-Encoding: " + b"gzip," * 50),
    *(b"Content-Encoding: deflate", *LOCATIONS),
    *(b"Retry-After: " + b"9" * 400, b"Retry-After: \xb2", b"Retry-After: -5"),
    *(b"Retry-After: Mon, 99 Foo 9999", b"Age: " + b"9" * 400, b"Age: \xb2", b"Age: -1", b"Date: x"),
    *(b"Date: Fri, 31 Dec 9999 23:59:59 -2359", b"Set-Cookie: a=b; expires=Fri, 99-99-99999; Max-Age=1e99"),
    *(b"Set-Cookie: ;;;=", b"X: " + b"a" * 70_000, b": x", b"no value", b" folded"),
    b"Content-Type: application/json; charset=x\xff",
)
BODIES = (
    *(b"", b"{}", b"\xef\xbb\xbf{}", b"2\r\n{}\r\n0\r\n\r\n", b"zz\r\n{}", b"-2\r\n{}", b"f" * 18 + b"\r\n"),
    *(b"\x1f\x8b" + b"x" * 20, compress(b"{}"), compress(compress(b"{}"))),
)


class RawServer:
    """Answers every connection with the same bytes, and hangs up."""

    def __init__(self) -> None:
        self.parts: Iterable[bytes] = ()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):  # until it is closed
            while True:
                connection, _ = self._server.accept()
                with connection, suppress(OSError):
                    connection.settimeout(10)
                    connection.recv(65536)
                    for part in self.parts:
                        connection.sendall(part)
                    connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Stop answering."""
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def fetch(self, parts: Iterable[bytes]) -> FetchResult[Any]:
        """Return the result of a client that gets these bytes as an answer."""
        self.parts = parts
        limiter = RateLimiter(0, time.monotonic, lambda _: None)
        policy = RetryPolicy(max_tries=1, first_wait=0, max_wait=0)
        client = Client(self.url, limiter, time.monotonic() + 30, policy, sleep=lambda _: None)
        with client._session:
            return client.get("x")


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    server = RawServer()
    yield server
    server.close()


@pytest.fixture
def collected() -> Iterator[None]:
    """Collect garbage before the next test, which would be blamed for what is found in it."""
    yield
    gc.collect()


# where an answer is not HTTP, its socket is left to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("collected")
@settings(max_examples=250, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(HEADS) | st.binary(max_size=30),
    st.lists(st.sampled_from(HEADERS), max_size=4),
    st.sampled_from(BODIES) | st.binary(max_size=40),
)
def test_any_bytes(server: RawServer, head: bytes, headers: list[bytes], body: bytes) -> None:
    """Return a body or a reason, and a time that can be read."""
    result = server.fetch([b"\r\n".join([head, *headers, b"", body])])
    assert (result.reason is None) == (result.body is not None)
    assert result.age is None or result.age in VALID_AGES
    assert parse_http_date(result.date or "").tzinfo


@pytest.mark.parametrize("location", LOCATIONS)
def test_the_body_of_a_redirect_is_not_read(server: RawServer, location: bytes) -> None:
    """Leave the body unread, which may have no end, whatever address the redirect names."""
    sent = 0

    def send() -> Iterator[bytes]:
        nonlocal sent
        yield b"HTTP/1.1 302 Found\r\n" + location + b"\r\n\r\n"
        while sent < 100:
            sent += 1
            yield b"x" * 1_000_000

    assert server.fetch(send()).reason == "302"
    assert sent < 50


@pytest.mark.parametrize("layers", [0, 1, 2])
def test_an_endless_body(server: RawServer, layers: int) -> None:
    """Read no more than the largest answer, also of a body that a few bytes are packed into."""

    def pack(parts: Iterable[bytes]) -> Iterator[bytes]:
        packer = zlib.compressobj(wbits=31)
        yield from filter(None, map(packer.compress, parts))
        yield packer.flush()

    parts: Iterable[bytes] = (b" " * 1_000_000 for _ in range(400))
    for _ in range(layers):
        parts = pack(parts)
    encoding = b"Content-Encoding: " + b", ".join([b"gzip"] * layers)
    head = b"\r\n".join([b"HTTP/1.1 200 OK", *([encoding] if layers else []), b"", b""])
    tracemalloc.start()
    result = server.fetch(chain([head], parts))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.reason == "too-large"
    assert peak < 100_000_000


# --- values of feeds ----------------------------------------------------------------------------------------


def mutate_bodies(chance: random.Random) -> dict[str, Reply]:
    """Return the bodies of the sample with hostile values; now and then one is no answer at all."""
    bodies = {}
    for path, body in build_payloads(START).items():
        count = chance.randint(0, 12) if path != "models/count" else 0
        sent = dumps(hostile_values.mutate(chance, body, count))
        if chance.random() < 0.02:
            sent = chance.choice(
                [chance.randbytes(50), dumps(hostile_values.value(chance)), sent + sent, sent[:-20]]
            )
        if chance.random() < 0.02:
            sent = sent.replace(b'"name":', b'"name":1,"name":', 1)
        bodies[path] = Reply(200, sent)
    return bodies


@hostile_values.examples(5)
@given(hostile_values.CHANCES)
@example(random.Random(1))
def test_any_values_of_answers(
    running: Service, tmp_path_factory: pytest.TempPathFactory, chance: random.Random
) -> None:
    """Build the site and answer each question after three hours of hostile values and a good one."""
    running.heal()
    stage = Stage(running, make_archive(tmp_path_factory.mktemp("hostile")))
    good = (chance.randrange(2), 3)
    hours = [START + number * HOUR for number in (0, 1, 2, 30)]
    for number, hour in enumerate(hours):
        stage.serve(build_payloads(START) if number in good else mutate_bodies(chance))
        assert stage.run(hour) == any(
            outcome in BAD_OUTCOMES for outcome in stage.read_outcomes(hour).values()
        )
    assert set(stage.read_outcomes(hours[-1]).values()) == {"ok"}
    site(stage)
    for question in questions_to(stage, hours) if chance.randrange(3) == 2 else ():
        ask(stage, *question)


HOSTILE_FIELDS: tuple[dict[str, Any], ...] = (
    {"pricing": {"prompt": "1", "discount": "1e50"}},
    {"pricing": ["1"]},
    {"pricing": "1"},
    {"expiration_date": "\ud800"},
    {"context_length": Number("1e999999999"), "created": Number("1e400"), "top_provider": []},
)


def test_values_that_come_and_go(stage: Stage) -> None:
    """Build the site and answer each question before, while and after models and endpoints hold them."""
    bodies = build_payloads(START)
    models = [model for model in FEW if bodies[f"models/{model}/endpoints"]["data"]["endpoints"]]
    rows = {row["id"]: row for row in bodies["models"]["data"]}
    for model, fields in zip(models[: len(HOSTILE_FIELDS)], HOSTILE_FIELDS, strict=True):
        rows[model] |= fields
        bodies[f"models/{model}/endpoints"]["data"]["endpoints"][0] |= fields
    hostile = {path: Reply(200, dumps(body)) for path, body in bodies.items()}
    hours = [START + number * HOUR for number in range(3)]
    for hour, served in zip(hours, (build_payloads(START), hostile, build_payloads(START)), strict=True):
        stage.serve(served)
        assert stage.run(hour) == 0
        site(stage)
        with build_in_memory(stage.archive, stage.read_history().attempt_commits) as db:
            assert read_dataset(db).hour == hour
        for question in questions_to(stage, hours[:2]) if hour == hours[1] else ():
            ask(stage, *question)


# --- values of rankings -------------------------------------------------------------------------------------


def alter_rankings(chance: random.Random) -> Alter:
    """Make an alteration that puts hostile values into six in ten answers."""

    def alter(path: str, query: Mapping[str, str], body: Any) -> Any:
        if chance.random() < 0.4:
            return body
        for row in body["data"] if isinstance(body.get("data"), list) else ():
            if "total_tokens" in row and chance.random() < 0.2:
                row["total_tokens"] = chance.choice(hostile_values.TEXTS)
        return Reply(200, dumps(hostile_values.mutate(chance, body, chance.randint(0, 4))))

    return alter


@pytest.mark.usefixtures("few_ranked")
@hostile_values.examples(3)
@given(st.integers(0, 2**32).map(random.Random))  # the threads of the service draw; hypothesis must not know
def test_any_values_of_rankings(tmp_path_factory: pytest.TempPathFactory, chance: random.Random) -> None:
    """Build the site of rankings with hostile values."""
    stage = with_rankings(tmp_path_factory.mktemp("hostile") / "archive", alter_rankings(chance))
    assert {*map(str, stage.read_attempts()[-1]["rankings"])} >= {"models", "apps"}
    site(stage)


def replace_field(field: str, value: Any) -> Alter:
    """Make an alteration of one field of rows; with `None` each row gets its number."""

    def alter(path: str, query: Mapping[str, str], body: Any) -> Any:
        for number, row in enumerate(body["data"] if isinstance(body.get("data"), list) else ()):
            if field in row:
                row[field] = number if value is None else value
        return body

    return alter


FIGURES: dict[str, tuple[Alter, int]] = {
    # the alteration, and the number of days
    "no tokens in two weeks": (replace_field("total_tokens", "0"), 9),
    "a sum of more than 64 bits": (replace_field("total_tokens", "9" * 18), 1),
    "more digits than Python reads": (replace_field("total_tokens", "9" * 5000), 1),
    "numbers for names": (replace_field("model_permaslug", None), 1),
}


@pytest.mark.usefixtures("few_ranked")
@pytest.mark.parametrize("name", FIGURES)
def test_figures_of_rankings(tmp_path: Path, name: str) -> None:
    """Archive hostile figures as they are, and show what can be shown of them."""
    alter, days = FIGURES[name]
    stage = with_rankings(tmp_path / "archive", alter, days=days)
    assert reports(stage)["models"]["outcome"] == "ok"
    assert "rankings/index.html" in site(stage)
