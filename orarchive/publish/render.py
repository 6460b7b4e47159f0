"""From pages to files: the Jinja environment with its filters, and writing only files that differ."""

import datetime as dt
import filecmp
import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from shutil import copyfile

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from tqdm import tqdm

from orarchive.domain.figures import format_share, format_short
from orarchive.domain.phrasing import get_unit, label_dimension
from orarchive.domain.prices import MILLION, PER_UNIT, format_dollars, is_dynamic
from orarchive.errors import ArchiveError
from orarchive.publish.pages import Page
from orarchive.publish.sanitize import quote_url, render_markdown, show_invisible
from orarchive.timestamps import MAX_CACHED, format_hour, format_stamp

TEMPLATES = Path(__file__).with_name("templates")
"""A link to the checkout's templates/; in an installed package a folder."""

SCRIPTS = {
    "site.js": ("common.js", "sorting.js"),
    "models.js": ("common.js", "sorting.js", "models.js"),
    "rankings.js": ("common.js", "sorting.js", "rankings.js"),
    "changes.js": ("common.js", "changes.js"),
    "compare.js": ("common.js", "compare.js"),
}
"""Script of a page -> the files in templates/scripts/ that it is put together from."""

MANIFEST = ".built.json"
"""The list of files that builds wrote, so that a later build may remove them and nothing else."""

MAX_DIGITS = 4
"""A price is shown exactly up to so many decimals or significant digits. A longer one is rounded, with its
exact form in the title."""


@cache
def make_environment() -> Environment:
    """Return the Jinja environment: values are escaped, and their invisible characters shown by number.

    It is made once, for it takes half a second to compile all templates; one that is edited is read again.
    """
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=show_invisible,
    )
    filters = (
        # These filters take text of the service, which may be hostile.
        render_markdown,
        quote_url,
        # These filters take values that this package computed.
        format_amount,
        capitalize_first,
        group_digits,
        label_dimension,
        format_long_hour,
        format_share,
        format_hour,
        format_short,
        format_stamp,
        get_unit,
    )
    env.filters.update({function.__name__: function for function in filters}, exact=format_exact)
    return env


def render_pages(pages: Iterable[Page], progress: bool = False) -> Iterator[tuple[str, bytes]]:
    """Yield the pages, scripts and static files, each as its path and its bytes."""
    env = make_environment()
    for page in tqdm(pages, desc="Rendering", unit="page", disable=not progress):
        template = env.get_template(page.template)
        yield page.path, template.render(page=page.context, site=page.site).encode()
    for path in sorted((TEMPLATES / "static").iterdir()):
        yield f"static/{path.name}", path.read_bytes()
    for name, parts in SCRIPTS.items():
        yield f"static/{name}", b"".join((TEMPLATES / "scripts" / part).read_bytes() for part in parts)


# --- writing files ------------------------------------------------------------------------------------------


def write_site(out: Path, files: Mapping[str, bytes | Path]) -> tuple[int, int]:
    """Make the out folder hold these files; return how many were written and how many removed.

    The content of a file is given, or another file that has it. Only files that differ are written. Files of
    earlier builds that are not among them are removed. A file that no build wrote is never touched: if one of
    another content is in the way, raise ArchiveError.
    """
    out.mkdir(parents=True, exist_ok=True)
    earlier = _read_manifest(out)
    for folder in sorted({(out / path).parent for path in files}):
        if not folder.resolve().is_relative_to(out.resolve()):
            msg = f"{folder} is a link, or lies behind one, that leads out of {out}; remove it"
            raise ArchiveError(msg)
    unlisted = [path for path in files.keys() - earlier if (out / path).exists()]
    if not all(_has_content(out / path, files[path]) for path in unlisted):
        msg = f"{out} holds {min(unlisted)}, which no build wrote: name another folder, or remove it"
        raise ArchiveError(msg)
    # The manifest comes first, so that a build that is interrupted leaves no file that no manifest lists.
    _write_manifest(out, earlier | files.keys())
    written = sum(_write_if_changed(out / path, content) for path, content in files.items())
    removed = sorted(earlier - files.keys())
    for path in removed:
        _remove(out, path)
    _write_manifest(out, set(files))
    return written, len(removed)


def _read_manifest(out: Path) -> set[str]:
    """Return the paths that earlier builds wrote, without any that lead out of the folder."""
    path = out / MANIFEST
    try:
        listed = json.loads(path.read_bytes()) if path.exists() else []
        top = out.resolve()
        names = [name for name in listed if isinstance(name, str)]
        return {name for name in names if (top / name).resolve().is_relative_to(top)}
    except (ValueError, TypeError, RecursionError) as error:
        msg = f"{path} is not a list of files: {error}; delete it with the pages beside it"
        raise ArchiveError(msg) from error


def _write_manifest(out: Path, paths: Iterable[str]) -> None:
    """Write the list of the files of this build, which the next build reads to remove old ones."""
    _write_if_changed(out / MANIFEST, (json.dumps(sorted(paths), indent=0) + "\n").encode())


def _write_if_changed(path: Path, content: bytes | Path) -> bool:
    """Write a file if its content differs; return whether it was written."""
    if path.is_file() and _has_content(path, content):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, Path):
        copyfile(content, path)
    else:
        path.write_bytes(content)
    return True


def _has_content(path: Path, content: bytes | Path) -> bool:
    """Return whether a file has a content, which is given or that of another file."""
    if isinstance(content, Path):
        return filecmp.cmp(path, content, shallow=False)
    return path.read_bytes() == content


def _remove(out: Path, path: str) -> None:
    """Remove a file, and the folders that this leaves empty."""
    file = out / path
    file.unlink(missing_ok=True)
    for folder in file.relative_to(out).parents[:-1]:
        if (out / folder).is_dir() and not any((out / folder).iterdir()):
            (out / folder).rmdir()


# --- filters of the templates -------------------------------------------------------------------------------


@lru_cache(MAX_CACHED)
def format_amount(price: Decimal, dimension: str) -> str:
    """Format a price without its unit: `$1.25`, `$0.0417`, `$0`, `dynamic`."""
    if is_dynamic(price):
        return "dynamic"
    if not price:
        return "$0"
    value = _scale_price(price, dimension)
    digits = value.normalize()
    significant = len(digits.as_tuple().digits)
    decimals = significant - 1 - digits.adjusted()
    if decimals <= MAX_DIGITS or significant <= MAX_DIGITS:
        return format_dollars(value)
    return format_dollars(round(value, MAX_DIGITS if value >= 1 else max(MAX_DIGITS, 2 - value.adjusted())))


@lru_cache(MAX_CACHED)
def format_exact(price: Decimal, dimension: str) -> str:
    """Format the exact price if `format_amount` rounds it; return "" otherwise."""
    if price <= 0:
        return ""
    exact = format_dollars(_scale_price(price, dimension))
    return exact if exact != format_amount(price, dimension) else ""


def _scale_price(price: Decimal, dimension: str) -> Decimal:
    """Return a price per million tokens, or per unit where the dimension is not charged by the token."""
    return price if dimension in PER_UNIT else price * MILLION


def capitalize_first(text: str) -> str:
    """Capitalize the first letter, and leave the others as they are."""
    return text[:1].upper() + text[1:]


def group_digits(count: int) -> str:
    """Format a number with commas between groups of three digits."""
    return f"{count:,}"


def format_long_hour(hour: dt.datetime) -> str:
    """Format an hour in words: `8 July 2026, 09:00 UTC`."""
    return f"{hour.day} {hour:%B %Y, %H:%M} UTC"
