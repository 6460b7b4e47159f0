"""Foreign text made harmless in pages and JSON: names, descriptions and addresses that anybody may write."""

import html
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlsplit

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

from orarchive.domain.foreign_text import escape_invisible, escape_invisible_json
from orarchive.jsonl import dumps

ORIGIN = "https://openrouter.ai/"
"""Base address of the relative links in descriptions."""

TAGS = {"p", "a", "b", "strong", "em", "i", "code", "pre", "ul", "ol", "li", "br", "blockquote"}

_MARKDOWN = MarkdownIt("commonmark", {"html": False})


def show_invisible(value: Any) -> Any:
    """Return a template value as the page shows it: invisible characters of a text are shown by their number.

    Markup and values that are not text are returned unchanged.
    """
    if value.__class__ is Markup or not isinstance(value, str):
        return value
    return escape_invisible(value)


def escape_text(text: str) -> Markup:
    """Escape a text that stands between tags; its quotes stay, each of which would take five letters."""
    return Markup(html.escape(show_invisible(text), quote=False))


def to_safe_json(value: Any) -> bytes:
    """Write a value as one line of canonical JSON for programs, with invisible characters as escapes."""
    return escape_invisible_json(dumps(value).decode()).encode() + b"\n"


# The API's description has the same words for a member of many files.
@lru_cache(maxsize=1024)
def render_markdown(text: str) -> Markup:
    """Render a description's Markdown as HTML; tags other than those of plain prose are dropped."""
    return Markup(
        nh3.clean(
            _MARKDOWN.render(show_invisible(text)),
            tags=TAGS,
            attributes={"a": {"href"}},
            url_schemes={"https", "http"},
            url_relative=("rewrite_with_base", ORIGIN),
            link_rel="nofollow ugc noreferrer",
        )
    )


def quote_url(text: str) -> str:
    """Percent-encode foreign text as a part of an address; invisible characters are shown by their number."""
    return quote(show_invisible(text))


def check_url(address: Any) -> str | None:
    """Return a foreign address if it is a full http or https address, None otherwise."""
    try:
        parts = urlsplit(address) if isinstance(address, str) else None
    except ValueError:
        return None
    return address if parts and parts.scheme in ("http", "https") and parts.netloc else None


def url_host(address: str) -> str:
    """Return the host of an address, without a leading `www.`."""
    return urlsplit(address).netloc.removeprefix("www.")
