"""Pages of a site by kind, for measurements that look at one page of each."""

import gzip
from pathlib import Path

HOME = "home"
SEPARATE_LISTS = ("models/gone/",)
"""Lists that stand among the pages of single entries."""


def classify_page(path: str) -> str:
    """Return the kind of a page: `models` of the list of models, `models/*` of the page of each."""
    folder = path.removesuffix("index.html")
    if folder in SEPARATE_LISTS or folder.count("/") < 2:
        return folder.rstrip("/") or HOME
    return f"{folder.partition('/')[0]}/*"


def list_files(site: Path) -> dict[str, Path]:
    """Return the files of a site by path, without the list of them."""
    files = {path.relative_to(site).as_posix(): path for path in site.rglob("*") if path.is_file()}
    return {name: path for name, path in files.items() if not name.startswith(".")}


def pack_pages(site: Path) -> dict[str, tuple[str, int]]:
    """Return the largest page of each kind, with its size gzipped, bytes."""
    largest: dict[str, tuple[str, int]] = {}
    for name, path in sorted(list_files(site).items()):
        if name.endswith(".html"):
            size = len(gzip.compress(path.read_bytes(), 6))
            kind = classify_page(name)
            if size > largest.get(kind, ("", 0))[1]:
                largest[kind] = name, size
    return largest
