"""The key, should the service send it back: what is archived is kept as received, for everybody to read."""

import re
from base64 import b64encode
from collections.abc import Iterator

MIN_KEY_LENGTH = 8
"""A shorter key is a filler for a service that asks for none; as a word it may stand anywhere."""

_ESCAPED = re.compile(rb'\\(?:u00([0-9a-fA-F]{2})|(["\\/]))')


def contains_key(sent: bytes, key: str) -> bool:
    """Whether bytes hold a key: as it is, spelled with JSON's escapes, or in base64."""
    if len(key) < MIN_KEY_LENGTH:
        return False
    plain = _ESCAPED.sub(lambda found: found[2] or bytes.fromhex(found[1].decode()), sent)
    return any(spelled in plain for spelled in (key.encode(), *_base64(key.encode())))


def _base64(key: bytes) -> Iterator[bytes]:
    """What base64 makes of a key amid other bytes: the letters that are of the key alone."""
    for before in range(3):
        for letters in (b"+/", b"-_"):
            text = b64encode(bytes(before) + key, letters)
            first, end = (0, 2, 3)[before], (0, 3, 2)[(before + len(key)) % 3]
            yield text[first : len(text) - end]
