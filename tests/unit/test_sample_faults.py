"""The faults of the sample service, its recording of requests, and its command line."""

import gzip
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from orarchive.sample import FAULTS, HAPPENINGS, START, Service, sample_service
from tests.support.archives import ROOT
from tests.support.sample_client import Ask, read_rows


def parses_as_json(body: bytes) -> bool:
    """Return whether bytes are JSON in UTF-8."""
    try:
        json.loads(body.decode())
    except ValueError:
        return False
    return True


Response = requests.Response
CHECKS: dict[str, Callable[[Response, list[Any]], Any]] = {
    "429": lambda response, _: response.status_code == 429 and "Retry-After" not in response.headers,
    "429-retry-after": lambda response, _: (
        response.status_code == 429 and response.headers["Retry-After"] == "1"
    ),
    "500": lambda response, _: response.status_code == 500 and response.json()["error"]["code"] == 500,
    "502": lambda response, _: response.status_code == 502,
    "503": lambda response, _: response.status_code == 503,
    "404": lambda response, _: response.status_code == 404,
    "html": lambda response, _: (
        response.status_code == 200 and "text/html" in response.headers["Content-Type"]
    ),
    "error-object": lambda response, _: response.status_code == 200 and "error" in response.json(),
    "invalid-json": lambda response, _: not parses_as_json(response.content),
    "not-utf8": lambda response, _: not parses_as_json(response.content),
    "nan": lambda response, _: b":NaN" in response.content,
    "wrong-type": lambda response, _: isinstance(
        response.json()["data"], dict if "openai" not in response.url else list
    ),
    "empty": lambda response, _: read_rows(response) == [] and response.json().get("total_count", 0) == 0,
    "shrunken": lambda response, rows: len(read_rows(response)) == len(rows) // 2,
    "duplicate": lambda response, rows: read_rows(response) == [*rows, *rows],
    "key-missing": lambda response, _: not {"id", "slug", "tag"} & read_rows(response)[0].keys(),
    "lone-surrogate": lambda response, rows: read_rows(response)[0]["name"] == rows[0]["name"] + "\ud800",
    "big-integer": lambda response, _: read_rows(response)[0]["context_length"] == 2**70 - 1,
}
"""Fault -> whether a response shows it; the rows are those of the good response."""


@pytest.mark.parametrize("fault", CHECKS)
def test_fault_in_a_payload(sample: Service, ask: Ask, fault: str) -> None:
    """A fault changes the next response of every route, and the one after it is good."""
    for path in ("models", "models/openai/gpt-oss-120b/endpoints", "providers", "endpoints/zdr"):
        rows = read_rows(ask(path))
        sample.fail("*", fault, times=1)
        assert CHECKS[fault](ask(path), rows)
        assert read_rows(ask(path)) == rows


def test_every_fault_is_tested() -> None:
    on_the_socket = {"cut-off", "slow-drip", "interim", "reset", "huge"}
    endless = {name for name in FAULTS if name.startswith("endless-")}
    assert FAULTS.keys() == {*CHECKS, "count-mismatch", *on_the_socket, *endless}
    good = {name for name, fault in FAULTS.items() if fault.good}
    assert good == {"lone-surrogate", "big-integer", "slow-drip", "interim"}


def test_count_mismatch(sample: Service, ask: Ask) -> None:
    sample.fail("models", "count-mismatch")
    sample.fail("models/count", "count-mismatch", by=-3)
    body = ask("models").json()
    assert body["total_count"] == len(body["data"]) + 5
    assert ask("models/count").json()["data"]["count"] == len(body["data"]) - 3


def test_retry_after_and_field_are_options(sample: Service, ask: Ask) -> None:
    sample.fail("models", "429-retry-after", seconds=7)
    assert ask("models").headers["Retry-After"] == "7"
    sample.fail("providers", "big-integer", field="founded", value=2**64)
    assert read_rows(ask("providers"))[0]["founded"] == 2**64


def test_faults_by_route_times_and_healing(sample: Service, ask: Ask) -> None:
    sample.fail("models/*/endpoints", "503")
    sample.fail("models/openai/*", "404", times=1)
    assert [ask("models/openai/o3/endpoints").status_code for _ in range(2)] == [404, 503]
    assert ask("models").status_code == ask("images/models/openai/gpt-5-image/endpoints").status_code == 200
    sample.heal()
    assert ask("models/openai/o3/endpoints").status_code == 200


# Faults on the socket


def open_request(service: Service, path: str) -> socket.socket:
    """Return a connection on which a GET was sent and nothing read."""
    url = urlsplit(service.base_url)
    connection = socket.create_connection((str(url.hostname), url.port or 0), timeout=5)
    connection.sendall(f"GET {url.path}/{path} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode())
    return connection


def test_cut_off(sample: Service, ask: Ask) -> None:
    sample.fail("models", "cut-off")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        ask("models")


def test_reset(sample: Service) -> None:
    sample.fail("models", "reset")
    with open_request(sample, "models") as connection, pytest.raises(ConnectionResetError):
        connection.recv(1)


def test_slow_drip(sample: Service, ask: Ask) -> None:
    rows = read_rows(ask("providers"))
    sample.fail("providers", "slow-drip", interval=0.001, size=200)
    assert read_rows(ask("providers")) == rows


def test_a_drip_ends_with_the_service() -> None:
    with sample_service(START) as service:
        service.fail("*", "slow-drip", interval=60)
        with open_request(service, "models") as connection:
            assert connection.recv(100).startswith(b"HTTP/1.1 200 OK")
            start = time.monotonic()
            service.__exit__()
            assert time.monotonic() - start < 30


def test_huge_is_streamed(sample: Service, ask: Ask) -> None:
    sample.fail("models", "huge")
    with requests.get(f"{sample.base_url}/models", stream=True, timeout=5) as response:
        assert int(response.headers["Content-Length"]) == 100 * 2**20
        assert next(response.iter_content(100)).startswith(b'{"data":["aaa')
    sample.fail("models", "huge", size=200_000)
    body = ask("models").content
    assert len(body) == 200_000 and parses_as_json(body)


def test_a_client_that_disconnects_prints_no_error(
    sample: Service, capfd: pytest.CaptureFixture[str]
) -> None:
    sample.fail("models", "huge")
    with open_request(sample, "models") as connection:
        connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    time.sleep(0.05)
    assert capfd.readouterr().err == ""


# The server


def test_requests_are_recorded(sample: Service, ask: Ask) -> None:
    ask("models", headers={"User-Agent": "me"}, output_modalities="rerank")
    ask("models/no/model/endpoints")
    assert sample.requests == [("models?output_modalities=rerank", 200), ("models/no/model/endpoints", 404)]
    assert sample.seen[0].headers["User-Agent"] == "me"


def test_gzip_only_where_accepted(sample: Service) -> None:
    def get(encoding: str) -> Response:
        headers = {"Accept-Encoding": encoding}
        return requests.get(f"{sample.base_url}/providers", headers=headers, stream=True, timeout=5)

    with get("identity") as plain, get("gzip") as packed:
        assert "Content-Encoding" not in plain.headers and packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.raw.read(decode_content=False)) == plain.content


def test_latency_delays_a_response(sample: Service, ask: Ask) -> None:
    sample.latency = 0.05
    start = time.monotonic()
    ask("providers")
    assert time.monotonic() - start >= 0.05


@contextmanager
def run_sample(*options: str, python: str | Path = sys.executable, **settings: Any) -> Iterator[Popen[str]]:
    """Run the sample as a person does, with its output as a pipe; kill it at the end."""
    # tests that run in the background may ignore this signal, and so would a process started from them
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    command = [python, "-m", "orarchive.sample", "--port", "0", *options]
    with Popen(command, stdout=subprocess.PIPE, text=True, **settings) as process:
        signal.signal(signal.SIGINT, handler)
        try:
            yield process
        finally:
            process.kill()


def test_command_line() -> None:
    command = [sys.executable, "-m", "orarchive.sample", "--list"]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert all(happening.description in listing for happening in HAPPENINGS)
    assert all(name in listing for name in FAULTS)
    with run_sample("--now", "2026-07-10T00Z", "--speed", "3600", "--fault", "models=503") as process:
        assert process.stdout is not None
        base = process.stdout.readline().split()[-1]
        assert requests.get(f"{base}/models", timeout=30).status_code == 503
        assert requests.get(f"{base}/providers", timeout=30).status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0


@pytest.mark.parametrize("hour", ["2026-06-01T00Z", "2096-06-01T00Z"])
def test_the_printed_instruction_works_as_typed(tmp_path: Path, hour: str) -> None:
    """Paste it into a shell that has a key but no identity for git, in a project whose folder has a blank."""
    project = tmp_path / "a project"
    project.mkdir()
    for entry in ROOT.iterdir():
        if entry.name not in (".git", ".venv", "build"):
            (project / entry.name).symlink_to(entry)
    (project / ".venv").symlink_to(sys.prefix)
    python = project / ".venv" / Path(sys.executable).relative_to(sys.prefix)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "OPENROUTER_API_KEY": "real-key"}
    with run_sample("--now", hour, python=python, cwd=project, env=environment) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or " scrape --archive " not in lines[-1]:
            lines.append(process.stdout.readline())
        for _ in range(2):
            shell = ["sh", "-c", "".join(lines[2:])]  # the first two lines say what it is
            done = subprocess.run(shell, cwd=project, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
    log = subprocess.run(["git", "log", "--format=%s"], cwd=project / "build/try", capture_output=True)
    assert f"{hour}: first record of 72 models".encode() in log.stdout
