"""From pages to files: the Jinja environment with its filters, scripts and static files."""

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from orarchive.domain.figures import format_share, format_short
from orarchive.domain.phrasing import get_unit, label_dimension
from orarchive.publish.amounts import exact_digits, format_amount, format_exact, pad_decimals
from orarchive.publish.pages import Page
from orarchive.publish.sanitize import escape_text, quote_url, render_markdown, show_invisible
from orarchive.publish.site_files import DIGEST_LENGTH, compute_digest
from orarchive.publish.views.states import label_state
from orarchive.timestamps import MAX_CACHED, format_day, format_hour, format_stamp

TEMPLATES = Path(__file__).with_name("templates")
"""A link to the checkout's templates/; in an installed package a folder."""

SCRIPTS = {
    "site.js": ("common.js", "sorting.js", "charts.js", "scatter.js", "rows.js", "due.js"),
    "model.js": ("common.js", "sorting.js", "charts.js", "model.js"),
    "models.js": ("common.js", "sorting.js", "models.js"),
    "rankings.js": ("common.js", "sorting.js", "charts.js", "rankings.js"),
    "changes.js": ("common.js", "changes.js"),
    "graveyard.js": ("common.js", "sorting.js", "graveyard.js", "due.js"),
    "compare.js": ("common.js", "record.js", "compare.js"),
    "csv.js": ("csv.js",),
    "days.js": ("common.js", "record.js", "days.js"),
}
"""Script of a page -> the files in templates/scripts/ that it is put together from."""

INDENT = re.compile(r"\n +(?=<)")
"""Indents of lines that begin with a tag: a fiftieth of the site. No text in `pre` has such a line."""


@cache
def make_environment() -> Environment:
    """Return the Jinja environment: values are escaped, and their invisible characters shown by number.

    It is made once; a template that is edited is read again.
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
        escape_text,
        render_markdown,
        format_published,
        quote_url,
        # These filters take values that this package computed.
        format_amount,
        capitalize_first,
        drop_lab,
        group_digits,
        label_dimension,
        label_state,
        format_long_day,
        show_hour,
        show_clock,
        show_day,
        format_long_hour,
        format_month,
        format_share,
        format_hour,
        format_short,
        format_stamp,
        get_unit,
        exact_digits,
        pad_decimals,
    )
    env.filters.update({function.__name__: function for function in filters}, exact=format_exact)
    return env


class _CompiledTemplates(BytecodeCache):
    """Compiled templates in a folder, each with a digest of itself and of the program that compiled it."""

    def __init__(self, folder: Path, program: str) -> None:
        self._folder = folder
        self._program = program

    def load_bytecode(self, bucket: Bucket) -> None:
        """Load what this program compiled of the same source."""
        path = self._folder / bucket.key
        content = path.read_bytes() if path.exists() else b""
        code = content[DIGEST_LENGTH:]
        if content[:DIGEST_LENGTH] == self._compute_digest(code):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a compiled template."""
        code = bucket.bytecode_to_string()
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / bucket.key).write_bytes(self._compute_digest(code) + code)

    def _compute_digest(self, code: bytes) -> bytes:
        return compute_digest(self._program.encode() + code).encode()


@contextmanager
def keep_compiled(folder: Path, program: str) -> Iterator[None]:
    """Keep compiled templates in a folder; `program` is the digest of all that they are compiled with."""
    environment = make_environment()
    environment.bytecode_cache = _CompiledTemplates(folder, program)
    try:
        yield
    finally:
        environment.bytecode_cache = None


def render_page(page: Page) -> bytes:
    """Render a page."""
    template = make_environment().get_template(page.template)
    text = template.render(page=page.context, site=page.site)
    return INDENT.sub("\n", text).encode()


def render_price_chart(chart: object) -> bytes:
    """Render the price chart of a model, `views.model_images.PriceChart`, as SVG."""
    return make_environment().get_template("images/price_chart.svg").render(chart=chart).encode()


def read_static_files() -> Iterator[tuple[str, bytes]]:
    """Yield the scripts and static files, each as its path and its bytes."""
    for path in sorted((TEMPLATES / "static").iterdir()):
        yield f"static/{path.name}", path.read_bytes()
    for name, parts in SCRIPTS.items():
        yield f"static/{name}", b"".join((TEMPLATES / "scripts" / part).read_bytes() for part in parts)


# --- filters of the templates -------------------------------------------------------------------------------


def capitalize_first(text: str) -> str:
    """Capitalize the first letter, and leave the others as they are."""
    return text[:1].upper() + text[1:]


def drop_lab(name: str) -> str:
    """Return the name of a model without that of its lab: `GLM 5.2` of `Z.ai: GLM 5.2`."""
    return name.rpartition(": ")[2] or name


def group_digits(count: int) -> str:
    """Format a number with commas between groups of three digits."""
    return f"{count:,}"


@lru_cache(MAX_CACHED)
def format_long_hour(hour: dt.datetime) -> str:
    """Format an hour for people: `8 Jul 2026, 09:00 UTC`."""
    return f"{format_long_day(hour)}, {hour:%H:%M} UTC"


def format_published(text: str | None) -> str:
    """Format a date or time that OpenRouter published, `13 Jul 2026`; one in another form stays as it is."""
    try:
        moment = dt.datetime.fromisoformat(text or "")
    except ValueError:
        return text or ""
    is_day = moment.time() == dt.time()
    return format_long_day(moment) if is_day else format_long_hour(moment.astimezone(dt.UTC))


@lru_cache(MAX_CACHED)
def show_hour(hour: dt.datetime) -> Markup:
    """Return an hour as a machine and a person read it."""
    return Markup('<time datetime="{}">{}</time>').format(format_stamp(hour), format_long_hour(hour))


@lru_cache(MAX_CACHED)
def show_clock(hour: dt.datetime) -> Markup:
    """Return an hour of a day that is named beside it: `09:00`."""
    return Markup(f"<time>{hour:%H:%M}</time>")


@lru_cache(MAX_CACHED)
def show_day(day: dt.date) -> Markup:
    """Return a day as a machine and a person read it."""
    return Markup('<time datetime="{}">{}</time>').format(f"{day}", format_long_day(day))


@lru_cache(MAX_CACHED)
def format_long_day(day: dt.date) -> str:
    """Format a day for people: `8 Jul 2026`."""
    return format_day(day)


@lru_cache(MAX_CACHED)
def format_month(month: str) -> str:
    """Format a month, such as `2026-07`, for people: `Jul 2026`."""
    return f"{dt.date.fromisoformat(f'{month}-01'):%b %Y}"
