"""From pages to files: the Jinja environment with its filters, and writing only what differs."""

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from tqdm import tqdm

from orarchive.domain.phrasing import get_unit, label_dimension, sort_dimensions
from orarchive.domain.prices import MILLION, PER_UNIT, format_dollars, is_dynamic
from orarchive.errors import ArchiveError
from orarchive.publish.changelog import format_share
from orarchive.publish.pages import Page
from orarchive.publish.sanitize import quote_url, render_markdown, safe_url, show_invisible, url_host
from orarchive.publish.views.conditions import format_price_key
from orarchive.publish.views.rankings import format_short
from orarchive.timestamps import format_hour, format_stamp

TEMPLATES = Path(__file__).with_name("templates")
"""A link to the checkout's templates/; in an installed package a folder."""

SCRIPTS = {
    "site.js": ("common.js", "sorting.js"),
    "models.js": ("common.js", "sorting.js", "models.js"),
    "rankings.js": ("common.js", "sorting.js", "rankings.js"),
    "changes.js": ("common.js", "changes.js"),
    "compare.js": ("common.js", "compare.js"),
}
"""The scripts, a page has one of them -> their parts."""

MANIFEST = ".built.json"
"""The files that builds wrote, so that a later one may remove them, and nothing else."""

DIGITS = 4
"""Prices are shown exactly up to so many decimals, or digits that count; a longer one is rounded, with its
exact form in the title."""


def make_environment() -> Environment:
    """The templates, with all that they may call; foreign text is escaped, and shown as it is."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=show_invisible,
    )
    foreign = (url_host, safe_url, render_markdown, quote_url)
    own = (
        format_amount,
        capitalize_first,
        group_digits,
        sort_dimensions,
        label_dimension,
        format_long_hour,
        format_price_key,
        format_share,
        format_hour,
        format_short,
        format_stamp,
        format_tokens,
        get_unit,
    )
    filters = (*foreign, *own)
    env.filters.update({one.__name__: one for one in filters}, exact=format_exact)
    return env


def render_pages(pages: Sequence[Page], progress: bool = False) -> dict[str, bytes]:
    """Render every page, and read the files that go with them: path -> bytes."""
    env = make_environment()
    files = {}
    for page in tqdm(pages, desc="Rendering", unit="page", disable=not progress):
        template = env.get_template(page.template)
        files[page.path] = template.render(page=page.context, site=page.site).encode()
    for path in sorted((TEMPLATES / "static").iterdir()):
        files[f"static/{path.name}"] = path.read_bytes()
    for name, parts in SCRIPTS.items():
        files[f"static/{name}"] = b"".join((TEMPLATES / "scripts" / part).read_bytes() for part in parts)
    return files


def write_site(out: Path, files: dict[str, bytes]) -> tuple[int, int]:
    """Make the out folder hold these files; returns how many were written and how many removed.

    Only what differs is written. Files of earlier builds that are no longer there are removed; a file that
    no build wrote is never touched.
    """
    out.mkdir(parents=True, exist_ok=True)
    earlier = _manifest(out)
    foreign = [path for path in files.keys() - earlier if (out / path).exists()]
    if any((out / path).read_bytes() != files[path] for path in foreign):
        msg = f"{out} holds {min(foreign)}, which no build wrote: name another folder, or remove it"
        raise ArchiveError(msg)
    # before the files, so that a build cut short leaves none that nobody knows
    _note(out, earlier | files.keys())
    written = sum(_write(out / path, content) for path, content in files.items())
    gone = sorted(earlier - files.keys())
    for path in gone:
        _remove(out, path)
    _note(out, set(files))
    return written, len(gone)


def _manifest(out: Path) -> set[str]:
    path = out / MANIFEST
    try:
        listed = json.loads(path.read_bytes()) if path.exists() else []
        top = out.resolve()
        names = [name for name in listed if isinstance(name, str)]
        return {name for name in names if (top / name).resolve().is_relative_to(top)}
    except (ValueError, TypeError, RecursionError) as error:
        msg = f"{path} is not a list of files: {error}"
        raise ArchiveError(msg) from error


def _note(out: Path, paths: Iterable[str]) -> None:
    _write(out / MANIFEST, (json.dumps(sorted(paths), indent=0) + "\n").encode())


def _write(path: Path, content: bytes) -> bool:
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return True


def _remove(out: Path, path: str) -> None:
    """Remove a file, and the folders that it leaves empty."""
    gone = out / path
    gone.unlink(missing_ok=True)
    for folder in gone.relative_to(out).parents[:-1]:
        if (out / folder).is_dir() and not any((out / folder).iterdir()):
            (out / folder).rmdir()


# --- what templates may call --------------------------------------------------------------------------------


def format_amount(price: Decimal, dimension: str) -> str:
    """A price as it is shown, without its unit: `$1.25`, `$0.0417`, `free`, `dynamic`."""
    if is_dynamic(price):
        return "dynamic"
    if not price:
        return "free"
    value = _value(price, dimension)
    short = value.normalize()
    decimals = short.adjusted() - len(short.as_tuple().digits) + 1
    if decimals >= -DIGITS or len(short.as_tuple().digits) <= DIGITS:
        return format_dollars(value)
    return format_dollars(round(value, DIGITS if value >= 1 else max(DIGITS, 2 - value.adjusted())))


def format_exact(price: Decimal, dimension: str) -> str:
    """The exact price where `amount` rounds it, "" where it does not."""
    if price <= 0:
        return ""
    exact = format_dollars(_value(price, dimension))
    return exact if exact != format_amount(price, dimension) else ""


def _value(price: Decimal, dimension: str) -> Decimal:
    return price if dimension in PER_UNIT else price * MILLION


def capitalize_first(text: str) -> str:
    """Words with a capital at their beginning, and else as they are."""
    return text[:1].upper() + text[1:]


def group_digits(count: int) -> str:
    """A number in groups of three digits."""
    return f"{count:,}"


def format_tokens(count: int) -> str:
    """A number of tokens, short: `131K`, `1M`, `1.05M`."""
    if count < 1000:
        return str(count)
    if count < 999_500:
        return f"{count / 1000:.0f}K"
    return f"{count / 1_000_000:.2f}".rstrip("0").rstrip(".") + "M"


def format_long_hour(hour: dt.datetime) -> str:
    """An hour in words: `8 July 2026, 09:00 UTC`."""
    return f"{hour.day} {hour:%B %Y, %H:%M} UTC"
