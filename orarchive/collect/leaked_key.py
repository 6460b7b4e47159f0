"""Detect the API key in a response: what is archived is kept as received, for everybody to read."""

import re
from base64 import b64encode
from collections.abc import Iterator

MIN_KEY_LENGTH = 8
"""A shorter key is a filler for a service that asks for none, and may occur in any text as a word."""

_JSON_ESCAPE = re.compile(rb'\\(?:u00([0-9a-fA-F]{2})|(["\\/]))')


def contains_key(content: bytes, key: str) -> bool:
    """Return whether bytes hold a key: as it is, spelled with JSON's escapes, or in base64."""
    if len(key) < MIN_KEY_LENGTH:
        return False
    plain = _JSON_ESCAPE.sub(lambda match: match[2] or bytes.fromhex(match[1].decode()), content)
    return any(spelling in plain for spelling in (key.encode(), *_encode_base64(key.encode())))


def _encode_base64(key: bytes) -> Iterator[bytes]:
    """Yield every base64 form of a key amid other bytes, without the letters that depend on its neighbours.

    Three bytes make four letters, so the form depends on the key's offset in its group, and on the alphabet.
    """
    for offset in range(3):
        for letters in (b"+/", b"-_"):
            text = b64encode(bytes(offset) + key, letters)
            first, end = (0, 2, 3)[offset], (0, 3, 2)[(offset + len(key)) % 3]
            yield text[first : len(text) - end]
