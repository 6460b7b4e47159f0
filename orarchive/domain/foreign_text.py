"""Text that other people wrote, made safe to print: names, ids and descriptions may hold any character."""

import re

# Characters that could hide, forge or reverse text: control characters, direction marks and overrides, line
# and paragraph separators, lone surrogates and the invisible "tag" characters. Tab and line feed lay text out
# and are left alone.
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffc\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)


def escape_invisible(text: str) -> str:
    r"""Replace each invisible character by its number, such as `\u202e`, so that a reader sees it."""
    # Nearly all text of a site is plain, and a site has millions of texts.
    if text.isascii() and text.isprintable():
        return text
    return INVISIBLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def escape_invisible_json(text: str) -> str:
    """Replace each invisible character of a JSON text by its JSON escape; the text keeps its meaning."""
    return INVISIBLE.sub(_format_json_escape, text)


def _format_json_escape(match: re.Match[str]) -> str:
    """Return a character as JSON escapes: one, or a surrogate pair beyond U+FFFF."""
    units = match[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


def blank_unprintable(text: str) -> str:
    """Replace each unprintable character by a space, line feeds too; the text keeps its length.

    Such a character could forge another line of a log, or drive the terminal that it is printed on.
    """
    return "".join(letter if letter.isprintable() else " " for letter in text)


def to_single_line(text: str) -> str:
    """Blank unprintable characters, collapse runs of spaces and strip both ends."""
    return " ".join(blank_unprintable(text).split())


def shorten(text: str, max_length: int, ellipsis: str = "…") -> str:
    """Return a text of at most `max_length` characters, with the ellipsis at the end if it was cut."""
    return text if len(text) <= max_length else text[: max_length - len(ellipsis)] + ellipsis
