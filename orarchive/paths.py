"""Paths made of text that the service sends, such as model ids.

They have only plain characters, differ also on file systems that ignore case, and stay inside their folder.
"""

import hashlib
import re

PLAIN_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789-_.~"

MAX_SEGMENT_LENGTH = 80
"""Characters of a segment, and of a path with folders; file systems allow 255 bytes for a segment."""

MAX_FOLDERS = 3
"""Slashes that make folders, unless fewer are asked for. Further ones are escaped like other characters."""

# Names that Windows reserves, a name that git leaves out because Windows takes it for `.git`, and `index`,
# the name of every page.
RESERVED_NAME = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|git~1|index)(\.|$)")

# A folder must not have the name of a file beside it: `x` has a file `x.json`, and `x.json/y` needs a folder.
RESERVED_ENDING = re.compile(r"\.(?=(?:jsonl?|atom|png|svg)$)")


def escape_segment(text: str) -> str:
    """Return a text as one segment of a path, never empty.

    Every other character than PLAIN_CHARACTERS becomes `=` and hex digits, for each byte of its UTF-8. A
    segment that would be too long ends in a hash of the text.
    """
    plain = "".join(
        character if character in PLAIN_CHARACTERS else _format_hex(character) for character in text
    )
    if plain.startswith(".") or RESERVED_NAME.match(plain):
        plain = _format_hex(plain[0]) + plain[1:]
    if plain.endswith("."):
        plain = plain[:-1] + _format_hex(".")
    plain = RESERVED_ENDING.sub(_format_hex("."), plain)
    if len(plain) > MAX_SEGMENT_LENGTH:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        plain = f"{plain[:MAX_SEGMENT_LENGTH]}=x{digest}"
    return plain or "="


def escape_path(text: str, folders: int = MAX_FOLDERS) -> str:
    """Return a text as a path with folders at its first slashes; a long path becomes one segment.

    Windows allows 260 characters for a path with all its folders.
    """
    path = "/".join(map(escape_segment, text.split("/", folders)))
    return path if len(path) <= MAX_SEGMENT_LENGTH else escape_segment(text)


def _format_hex(character: str) -> str:
    return "".join(f"={byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
