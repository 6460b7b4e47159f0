"""Responses and remotes that never end: each ends at the deadline, and what was read before is committed."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from threading import Thread

import pytest

from orarchive.collect import client as client_module
from orarchive.collect import connection
from orarchive.collect.client import Client, RetryPolicy
from orarchive.collect.connection import Exchange
from orarchive.collect.rate_limit import RateLimiter
from orarchive.errors import GitError
from orarchive.sample import START
from orarchive.store.commit import archive_lock
from tests.support.archives import HOUR, ROOT, Stage, assert_tidy, build_payloads, edit_records, read_git
from tests.support.bodies import ENDLESS

pytestmark = pytest.mark.faults

SPARE_S = 5.0
"""Seconds past its deadline within which a run must have ended."""


def make_client(stage: Stage, seconds: float) -> Client:
    """Make a client whose deadline is in so many seconds."""
    limiter = RateLimiter(0, time.monotonic, time.sleep)
    policy = RetryPolicy(first_wait=0, max_wait=0)
    return Client(stage.service.base_url, limiter, time.monotonic() + seconds, policy)


@pytest.mark.parametrize("fault", [*ENDLESS, "slow-drip"])
def test_a_response_ends_at_the_deadline(stage: Stage, fault: str) -> None:
    """Whatever drips: parts come before any timeout of the socket is over."""
    stage.service.fail("models", fault)
    begun = time.monotonic()
    assert make_client(stage, 0.4).get("models").reason == "deadline"
    assert time.monotonic() - begun < 0.4 + SPARE_S


def test_connecting_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name has two addresses, at which nobody answers: the queue of connections is full."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        monkeypatch.setattr(connection, "_resolve", lambda host, port: ["127.0.0.1", "localhost"])
        limiter = RateLimiter(0, time.monotonic, time.sleep)
        policy = RetryPolicy(first_wait=0, max_wait=0)
        begun = time.monotonic()
        address = f"http://many.example:{listener.getsockname()[1]}/api/v1"
        assert Client(address, limiter, begun + 1, policy).get("models").reason in ("deadline", "timeout")
        assert time.monotonic() - begun < 1 + SPARE_S


def test_a_slow_response_is_tried_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request has a deadline of its own, before that of the run."""
    monkeypatch.setattr(client_module, "REQUEST_TIMEOUT_S", 0.2)
    stage.service.fail("models", "endless-trailers")
    result = make_client(stage, 60).get("models", tries=2)
    assert (result.reason, result.requests) == ("too-slow", 2)


def test_a_connection_that_is_used_again_ends_too(stage: Stage) -> None:
    client = make_client(stage, 1)
    assert client.get("providers").reason is None
    stage.service.fail("models", "endless-headers")
    assert client.get("models").reason == "deadline"


def test_an_exchange_that_ended_uses_no_socket() -> None:
    """Where the deadline passed while a connection was made, it is shut down at once."""
    exchange = Exchange(0)
    exchange.end()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        exchange.use(ours)
        assert theirs.recv(1) == b""
        exchange.close()


@pytest.mark.parametrize("fault", ["endless-headers", "endless-trailers"])
def test_a_run_commits_what_it_read_before(stage: Stage, fault: str) -> None:
    """End within the timeout of the run, with the lock free."""
    assert stage.run(START) == 0
    stage.serve(edit_records(build_payloads(START), "second"))
    stage.service.fail("providers", fault)
    stage.options["timeout"] = 1.0
    begun = time.monotonic()
    assert stage.run(START + HOUR) == 1
    assert time.monotonic() - begun < 1.0 + SPARE_S
    assert stage.read_outcomes(START + HOUR)["models"] == "ok"
    assert stage.read_report("providers")["reasons"] == ["deadline"]
    with archive_lock(stage.archive):
        pass
    assert_tidy(stage.root)


@pytest.fixture
def silent_remote() -> Iterator[str]:
    """Accept connections and say nothing; yield the address of a repository there."""
    connections = []

    def accept() -> None:
        try:
            while True:
                connections.append(server.accept()[0])
        except OSError:  # the server is closed
            return

    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/archive.git"
        server.shutdown(socket.SHUT_RDWR)
    for opened in connections:
        opened.close()


def test_a_silent_remote_costs_the_timeout_once(stage: Stage, silent_remote: str) -> None:
    """Commit the hour, report that it is not pushed, and leave no program of git behind."""
    assert stage.run(START) == 0
    read_git(stage.root, "remote", "add", "origin", silent_remote)
    stage.options["timeout"] = 2.0
    begun = time.monotonic()
    with pytest.raises(GitError, match="no time is left for origin"):
        stage.run(START + HOUR, push=True)
    assert time.monotonic() - begun < 2.0 + SPARE_S
    assert [line["hour"] for line in stage.read_attempts()][-1] == "2026-06-01T01:00:00Z"
    assert_tidy(stage.root)
    programs = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert silent_remote not in programs


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_ends_a_sweep(stage: Stage, name: str) -> None:
    """End within five seconds though no response ends, and recover in the next run."""
    number = signal.Signals[name]
    stage.service.fail("models/*/endpoints", "endless-headers")
    command = [sys.executable, "scrape.py", "--archive", str(stage.root), "--hour", "2026-06-01T00Z"]
    environment = os.environ | {
        "OPENROUTER_BASE_URL": stage.service.base_url,
        "SYNC_REQUESTS_PER_SECOND": "0",
    }
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE) as process:
        while not any(path.endswith("/endpoints") for path in stage.take_requests()):
            time.sleep(0.02)
        begun = time.monotonic()
        process.send_signal(number)
        assert process.wait(timeout=30) == 128 + number
    assert time.monotonic() - begun < 5
    stage.service.heal()
    assert stage.run(START) == 0
    assert_tidy(stage.root)
