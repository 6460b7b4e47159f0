"""Git as a subprocess that ignores the environment and the hooks of its caller."""

import os
import re
import signal
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE, Popen
from tempfile import TemporaryFile
from typing import IO

from orarchive.domain.feeds import DIRECT_FEEDS
from orarchive.errors import GitError, GitLockedError

_REMOVED_VARIABLES = (
    # Set where we are called from a hook or a rebase: they point git at another repository or index.
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX"),
    # These change which objects git reads and how it prints them.
    *("GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_EXTERNAL_DIFF", "GIT_DIFF_OPTS", "GIT_REPLACE_REF_BASE"),
    *(f"GIT_{how}_PATHSPECS" for how in ("LITERAL", "GLOB", "NOGLOB", "ICASE")),
    # Neither git nor the programs that its configuration names need the keys.
    *("OPENROUTER_API_KEY", *(feed.key_variable for feed in DIRECT_FEEDS)),
)

GIT_COMMAND = (
    *("git", "-c", "core.quotePath=false", "-c", "advice.graftFileDeprecated=false"),
    # A hook could fail, or change files, in the middle of our work.
    *("-c", f"core.hooksPath={os.devnull}"),
)

LOW_SPEED_OPTIONS = ("-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=60")
"""Over HTTP, git gives a remote up that sends less than so many bytes a second for so many seconds."""

END_GRACE_S = 2.0
"""Time that a git command has to end by itself, before it is killed."""

_LOCK = re.compile(r"^(?!remote:).*Unable to create '(.+\.lock)': File exists", re.MULTILINE)
"""The lock file that git names where it exists already; the remote's own is not ours to remove."""

_CREDENTIALS = re.compile(r"://[^\s/]+@")
"""The token in a remote's address, which git prints where it asks for a password."""


def run_git(
    folder: Path, *arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None
) -> bytes:
    """Run one git command in a folder and return its output; raise GitError where it fails.

    `env` is added to the environment.
    """
    try:
        return subprocess.run(
            [*GIT_COMMAND, "-C", str(folder), *arguments],
            input=stdin if stdin is not None else b"",
            env=build_git_environment(env),
            capture_output=True,
            check=True,
        ).stdout
    except FileNotFoundError:
        msg = "git is not installed, or not on PATH; install it"
        raise GitError(msg) from None
    except subprocess.CalledProcessError as error:
        raise _build_error(arguments[0], error.stderr, error.returncode) from None


def run_remote_git(folder: Path, *arguments: str, timeout: float) -> bytes:
    """Run a git command that talks to a remote; raise GitError where it fails or takes too long.

    `timeout` is in seconds; after it the command is ended, with the programs that it started.
    """
    command = [*GIT_COMMAND, *LOW_SPEED_OPTIONS, "-C", str(folder), *arguments]
    env = build_git_environment()
    with Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=env, process_group=0) as process:
        try:
            output, errors = process.communicate(b"", timeout)
        except subprocess.TimeoutExpired:
            msg = f"git {arguments[0]} took more than {timeout:.0f} s and was ended; the remote may be silent"
            raise GitError(msg) from None
        finally:
            if process.returncode is None:
                _end_group(process)
    if process.returncode:
        raise _build_error(arguments[0], errors, process.returncode)
    return output


def _end_group(process: Popen[bytes]) -> None:
    """End a git command and the programs that it started; git removes its lock files on the first signal."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_GRACE_S)


def stream_git(folder: Path, *arguments: str, stdin: bytes = b"") -> Iterator[bytes]:
    """Run one git command and yield its output line by line; raise GitError at the end where it fails."""
    with TemporaryFile() as request, TemporaryFile() as errors:
        # A file and not a pipe: git may print long before it has read all of its input.
        request.write(stdin)
        request.seek(0)
        command = [*GIT_COMMAND, "-C", str(folder), *arguments]
        process = Popen(command, stdin=request, stdout=PIPE, stderr=errors, env=build_git_environment())
        with process:
            try:
                assert process.stdout
                yield from process.stdout
            except GeneratorExit:
                process.kill()
                raise
        if process.returncode:
            errors.seek(0)
            raise _build_error(arguments[0], errors.read(), process.returncode)


def stream_blobs(folder: Path, names: Iterable[str]) -> Iterator[bytes]:
    """Read blobs with one git process and yield their bytes; names are such as `COMMIT:data/README.md`.

    Raise GitError for one that is missing.
    """
    with TemporaryFile() as request, TemporaryFile() as errors:
        # A file and not a pipe, as for `stream_git`.
        request.write("".join(f"{name}\n" for name in names).encode())
        request.seek(0)
        command = [*GIT_COMMAND, "-C", str(folder), "cat-file", "--batch", "--buffer"]
        process = Popen(command, stdin=request, stdout=PIPE, stderr=errors, env=build_git_environment())
        with process:
            try:
                assert process.stdout
                for _, content in parse_batch(process.stdout):
                    yield content
            except (GeneratorExit, GitError):
                process.kill()
                raise
        if process.returncode:
            errors.seek(0)
            raise _build_error(command[-3], errors.read(), process.returncode)


def parse_batch(output: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    """Parse the output of `git cat-file --batch`: yield the hash and the bytes of each object.

    Raise GitError for an object that is missing.
    """
    for header in output:
        name, _, size = (*header.decode().split(), "", "")[:3]
        if not size:
            msg = f"git cannot read {name}, a file of the archive; git fsck says what is wrong"
            raise GitError(msg)
        yield name, output.read(int(size) + 1)[:-1]


def _build_error(command: str, stderr: bytes, code: int) -> GitError:
    """Build the error of a failed command from its output: in one line, without hints and credentials."""
    text = stderr.decode(errors="replace")
    if lock := _LOCK.search(text):
        msg = (
            f"git {command} failed, for {lock[1]} exists: another git command is at work, or was killed; if"
            " none runs, remove that file"
        )
        return GitLockedError(msg)
    lines = (line.strip() for line in text.splitlines())
    reason = "; ".join(line for line in lines if line and not line.startswith("hint:"))
    reason = _CREDENTIALS.sub("://", reason)
    return GitError(f"git {command} failed: {reason or f'exit {code}'}")


def build_git_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for git: ours without other repositories and the key, messages in English."""
    inherited = os.environ.copy()
    for name in _REMOVED_VARIABLES:
        inherited.pop(name, None)
    # Without optional locks a mere `git status` takes none, which a killed run would leave behind.
    fixed = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
    # Replaced objects and grafts exist in this clone alone; the archive's history is what was committed.
    fixed |= {"GIT_NO_REPLACE_OBJECTS": "1", "GIT_GRAFT_FILE": os.devnull}
    return {**inherited, **fixed, **(extra or {})}
