"""Git as a subprocess, deaf to the environment of whoever calls us."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from subprocess import PIPE, Popen
from tempfile import TemporaryFile

from orarchive.errors import GitError

# set when we are called from a hook or a rebase: they would point git at another repository or index;
# and what would show its content otherwise
_FOREIGN = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX"),
    *("GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_EXTERNAL_DIFF", "GIT_DIFF_OPTS", "GIT_REPLACE_REF_BASE"),
    *(f"GIT_{how}_PATHSPECS" for how in ("LITERAL", "GLOB", "NOGLOB", "ICASE")),
    "OPENROUTER_API_KEY",  # no business of git's, nor of the programs that its configuration names
)

GIT_COMMAND = (
    *("git", "-c", "core.quotePath=false", "-c", "advice.graftFileDeprecated=false"),
    *("-c", f"core.hooksPath={os.devnull}"),  # a hook could fail, or do its own, amid what we do
)


_CREDENTIALS = re.compile(r"://[^\s/]+@")
"""The token in a remote's address, which git prints where it asks for a password."""


def run_git(
    folder: Path, *arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None
) -> bytes:
    """Run one git command in a folder and return what it printed; failure raises GitError."""
    try:
        return subprocess.run(
            [*GIT_COMMAND, "-C", str(folder), *arguments],
            input=stdin if stdin is not None else b"",
            env=git_environment(env),
            capture_output=True,
            check=True,
        ).stdout
    except FileNotFoundError:
        msg = "git is not installed"
        raise GitError(msg) from None
    except subprocess.CalledProcessError as error:
        raise _failure(arguments[0], error.stderr, error.returncode) from None


def stream_git(folder: Path, *arguments: str, stdin: bytes = b"") -> Iterator[bytes]:
    """Run one git command and yield what it prints, line by line; failure raises GitError at the end."""
    with TemporaryFile() as told, TemporaryFile() as errors:
        told.write(stdin)  # a file, not a pipe: git may print long before it has read all of it
        told.seek(0)
        command = [*GIT_COMMAND, "-C", str(folder), *arguments]
        process = Popen(command, stdin=told, stdout=PIPE, stderr=errors, env=git_environment())
        with process:
            try:
                assert process.stdout
                yield from process.stdout
            except GeneratorExit:
                process.kill()
                raise
        if process.returncode:
            errors.seek(0)
            raise _failure(arguments[0], errors.read(), process.returncode)


def _failure(command: str, stderr: bytes, code: int) -> GitError:
    """What git said of a failure, in one line and without its hints."""
    lines = (line.strip() for line in stderr.decode(errors="replace").splitlines())
    said = "; ".join(line for line in lines if line and not line.startswith("hint:"))
    said = _CREDENTIALS.sub("://", said)
    return GitError(f"git {command} failed: {said or f'exit {code}'}")


def git_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for git: ours without other repositories, messages in English."""
    ours = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    # a mere status takes no lock, which a killed run would leave
    fixed = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
    # the past is what was committed, whatever somebody has put in its place here
    fixed |= {"GIT_NO_REPLACE_OBJECTS": "1", "GIT_GRAFT_FILE": os.devnull}
    return {**ours, **fixed, **(extra or {})}
