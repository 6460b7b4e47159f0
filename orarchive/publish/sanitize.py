"""Foreign text made harmless: names, descriptions and addresses that anybody may have written."""

import re
from typing import Any
from urllib.parse import quote, urlsplit

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

from orarchive.jsonl import dumps

ORIGIN = "https://openrouter.ai/"
"""What relative links in descriptions are relative to."""

TAGS = {"p", "a", "b", "strong", "em", "i", "code", "pre", "ul", "ol", "li", "br", "blockquote"}

# what could hide, forge or turn round text: controls, directions, separators, lone surrogates, tags
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffc\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)

_MARKDOWN = MarkdownIt("commonmark", {"html": False})


def show_invisible(value: Any) -> Any:
    """Every value on its way into a page: characters that cannot be seen are shown by their number."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", value)
    return value


def to_safe_json(value: Any) -> bytes:
    """A value as JSON for programs: it says the same, with what cannot be seen as escapes."""
    text = dumps(value).decode()
    return INVISIBLE.sub(_escaped, text).encode() + b"\n"


def _escaped(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def render_markdown(text: str) -> Markup:
    """A description as HTML: of its Markdown what is not plain prose loses its tags."""
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
    """Foreign text as a part of an address."""
    return quote(show_invisible(text))


def safe_url(address: Any) -> str | None:
    """A foreign address if it is one of the web, None otherwise."""
    try:
        parts = urlsplit(address) if isinstance(address, str) else None
    except ValueError:
        return None
    return address if parts and parts.scheme in ("http", "https") and parts.netloc else None


def url_host(address: str) -> str:
    """The site that an address is on."""
    return urlsplit(address).netloc.removeprefix("www.")
