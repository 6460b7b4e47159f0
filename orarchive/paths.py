"""Paths made of foreign text: plain, apart also where case does not count, and never out of their folder."""

import hashlib
import re

LONGEST = 80
"""Longest part of a path made from foreign text; file systems allow 255 bytes."""

# names that Windows keeps for itself, and the one that every page has
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|index)(\.|$)")


def segment(text: str) -> str:
    """One part of a path: what is not plain is written as `=` and the hex of its bytes; never empty."""
    plain = "".join(
        letter if letter in "abcdefghijklmnopqrstuvwxyz0123456789-_.~" else _hex(letter) for letter in text
    )
    if plain.startswith(".") or RESERVED.match(plain):
        plain = _hex(plain[0]) + plain[1:]
    if plain.endswith("."):
        plain = plain[:-1] + _hex(".")
    if len(plain) > LONGEST:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        plain = f"{plain[:LONGEST]}=x{digest}"
    return plain or "="


def _hex(letter: str) -> str:
    return "".join(f"={byte:02x}" for byte in letter.encode("utf-8", "surrogatepass"))
