"""Tools and data that some tests need; without them a test is left out, with `REQUIRE_ALL=1` it fails."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
VNU = Path(__file__).parents[2] / "build/tools/node_modules/vnu-jar/build/dist/vnu.jar"

LEFT_OUT = "left out"
"""Beginning of the reason of a test that was not run for want of a tool or of data."""


def find_recordings() -> Path:
    """Return the folder of recorded responses of the real service."""
    folder = os.environ.get("ARCHIVE_REAL_DATA")
    if not folder or not Path(folder).is_dir():
        leave_out("ARCHIVE_REAL_DATA does not name the folder of recorded responses")
    return Path(folder).resolve()


def find_browser() -> str:
    """Return the path of the system's Chromium or Chrome."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    return path or leave_out("no Chromium or Chrome on this machine")


def find_validator() -> list[str]:
    """Return the command of the W3C's HTML checker."""
    java = find_java()
    if not VNU.exists():
        leave_out("no vnu.jar (npm install --no-save --prefix build/tools vnu-jar)")
    # For the few seconds that it takes, compiling its code fully takes longer than running it.
    return [java, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xss2m", "-jar", str(VNU)]


def find_java() -> str:
    """Return the path of Java."""
    return shutil.which("java") or leave_out("no Java on this machine")


def find_permission_prefix() -> list[str]:
    """Return the prefix of a command that file permissions bind also where root runs the tests."""
    if os.getuid():
        return []
    command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", "--"]
    if not shutil.which("setpriv") or subprocess.run([*command, "true"], check=False).returncode:
        leave_out("root may write everywhere, and there is no setpriv to stop it")
    return command


def leave_out(reason: str) -> NoReturn:
    """Leave the test out for a reason, or fail it with `REQUIRE_ALL=1`."""
    if os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(f"{LEFT_OUT}: {reason}")
