"""Keys of records, and the text form of those of endpoints: `openai/gpt-x@azure/eu`, with `#1` and so on."""

import re
from typing import Any, NamedTuple
from urllib.parse import unquote

Key = tuple[Any, ...]
"""What identifies a record in its feed: the values of the feed's key fields."""

_NUMBER = re.compile(r"#([1-9]\d*)$", re.ASCII)


class EndpointKey(NamedTuple):
    """What identifies an endpoint, since the service gives it no id."""

    model: str
    """The model id that was requested. The `model_id` in the record differs on one row in eight."""
    tag: str
    n: int
    """Counts the endpoints with the same model and tag, from 0."""

    @property
    def provider(self) -> str:
        """Return the provider's slug: the tag up to its first slash."""
        return get_provider_of_tag(self.tag)

    @property
    def label(self) -> str:
        """Return the text form without the model, `azure/eu#1`."""
        return f"{self.tag}#{self.n}" if self.n else self.tag

    @property
    def text(self) -> str:
        """Return the text form, `openai/gpt-x@azure/eu#1`, which no other key has."""
        return f"{self.model}@{_quote_part(self.tag)}" + (f"#{self.n}" if self.n else "")

    @classmethod
    def parse(cls, text: str) -> "EndpointKey | None":
        """Read the text form, such as a person types; return None for one that is not an endpoint's.

        A name of a record is not parsed: it knows its key, in which an id may hold an `@`.
        """
        if isinstance(text, RecordName):
            return cls(*text.parts) if len(text.parts) == len(cls._fields) else None
        model, separator, label = text.rpartition("@")
        if not separator:
            return None
        number = _NUMBER.search(label)
        tag = unquote(label[: number.start()] if number else label)
        return cls(model, tag, int(number[1]) if number else 0)


class RecordName(str):
    """The text form of a record's key, for people, which knows the key."""

    parts: Key

    def __new__(cls, text: str, parts: Key) -> "RecordName":
        """Return the name of the record with a key."""
        name = super().__new__(cls, text)
        name.parts = parts
        return name


def get_model_of_key(name: str) -> str:
    """Return the model id in the name of a record; of a typed text the part before the last `@`."""
    return str(name.parts[0]) if isinstance(name, RecordName) else name.rpartition("@")[0] or name


def join_key_parts(key: Key) -> str:
    """Return the text form of a key without a number: its parts, with `@` between them."""
    first, *others = key
    return "@".join([str(first), *map(_quote_part, others)])


def _quote_part(part: Any) -> str:
    """Percent-encode the signs of the text form in a part of a key: `@` and `#`, and the `%` itself."""
    return str(part).replace("%", "%25").replace("@", "%40").replace("#", "%23")


def get_provider_of_tag(tag: str) -> str:
    """Return the slug of the provider in an endpoint's tag, `azure` of `azure/eu`."""
    return tag.partition("/")[0]
