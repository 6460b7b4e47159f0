"""Folders that are made once for all workers of a test run."""

import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from filelock import FileLock

Value = TypeVar("Value")


def copy_shared(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Value]
) -> tuple[Path, Value]:
    """Return a folder of this worker's own with what `make` writes, and the value that `make` returns.

    The first worker that asks makes the folder `name`, the others wait for it; then each copies it. The value
    is pickled: it must not hold paths.
    """
    base = factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"shared-{name}"
    with FileLock(f"{shared}.lock"):
        result = shared / "result.pickle"
        if not result.exists():
            shutil.rmtree(shared, ignore_errors=True)  # where `make` failed before
            (shared / "folder").mkdir(parents=True)
            result.write_bytes(pickle.dumps(make(shared / "folder")))
    copy = factory.mktemp(name)
    shutil.copytree(shared / "folder", copy, symlinks=True, dirs_exist_ok=True)
    return copy, pickle.loads(result.read_bytes())
