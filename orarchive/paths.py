"""Paths made of foreign text: plain, apart also where case does not count, and never out of their folder."""

import hashlib
import re

MAX_SEGMENT_LENGTH = 80
"""Longest part of a path made from foreign text; file systems allow 255 bytes."""

MAX_FOLDERS = 3
"""Slashes that make folders, as in `marketing/seo`; the others are letters like any other."""

# names that Windows keeps for itself, one that git leaves out (there it is `.git`), and that of every page
RESERVED_NAME = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|git~1|index)(\.|$)")

# a folder must not be called as a file beside it: `x` has a file `x.json`, and `x.json/y` is something else
RESERVED_ENDING = re.compile(r"\.(?=(?:jsonl?|atom)$)")


def escape_segment(text: str) -> str:
    """One part of a path: what is not plain is written as `=` and the hex of its bytes; never empty."""
    plain = "".join(
        letter if letter in "abcdefghijklmnopqrstuvwxyz0123456789-_.~" else _hex(letter) for letter in text
    )
    if plain.startswith(".") or RESERVED_NAME.match(plain):
        plain = _hex(plain[0]) + plain[1:]
    if plain.endswith("."):
        plain = plain[:-1] + _hex(".")
    plain = RESERVED_ENDING.sub(_hex("."), plain)
    if len(plain) > MAX_SEGMENT_LENGTH:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        plain = f"{plain[:MAX_SEGMENT_LENGTH]}=x{digest}"
    return plain or "="


def escape_path(text: str) -> str:
    """A path of a part for each slash; a long one is one part, for Windows allows 260 letters in all."""
    path = "/".join(map(escape_segment, text.split("/", MAX_FOLDERS)))
    return path if len(path) <= MAX_SEGMENT_LENGTH else escape_segment(text)


def _hex(letter: str) -> str:
    return "".join(f"={byte:02x}" for byte in letter.encode("utf-8", "surrogatepass"))
