"""Usage objects: what a request used, as the APIs of OpenRouter and OpenAI report it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orarchive.domain.prices import parse_price
from orarchive.domain.records import as_integer, get_nested
from orarchive.errors import ArchiveError

STANDARD_TIERS = (None, "default", "auto", "standard")
"""Service tiers and speeds at the listed prices; the list has no prices of others."""

ANTHROPIC_MEMBERS = ("cache_read_input_tokens", "cache_creation_input_tokens")


@dataclass(frozen=True)
class Usage:
    """What a request, or several, used; details of prompt and completion are disjoint parts of them."""

    prompt: int
    completion: int
    cached: int = 0
    """Tokens read from the cache, audio included."""
    cached_audio: int = 0
    written: int = 0
    """Tokens written to the cache, those for an hour included."""
    written_1h: int = 0
    audio: int = 0
    """Audio tokens of the prompt, cached ones included."""
    image: int = 0
    reasoning: int = 0
    audio_output: int = 0
    image_output: int = 0
    images: int = 0
    """Images that are counted as such, not as tokens."""
    web_searches: int = 0
    tool_calls: int = 0
    """Calls of OpenRouter's own tools other than web searches."""
    requests: int = 1
    charged: Decimal | None = None
    """What OpenRouter says it charged."""
    notes: tuple[str, ...] = ()
    """What else the object says that the listed prices do not cover."""

    @property
    def uncached_audio(self) -> int:
        """Return the number of audio tokens of the prompt that were not read from the cache."""
        return self.audio - self.cached_audio

    @property
    def plain_prompt(self) -> int:
        """Return the number of prompt tokens without a price of their own."""
        return self.prompt - self.cached - self.written - self.uncached_audio - self.image

    @property
    def plain_completion(self) -> int:
        """Return the number of completion tokens without a price of their own."""
        return self.completion - self.reasoning - self.audio_output - self.image_output

    def check(self) -> None:
        """Raise ArchiveError where the parts of the prompt or of the completion are more than the whole."""
        if min(self.uncached_audio, self.cached - self.cached_audio, self.written - self.written_1h) < 0:
            msg = "cached audio must be part of the cached and of the audio tokens, an hour's writes of all"
            raise ArchiveError(msg)
        if self.plain_prompt < 0:
            msg = (
                f"cached, written, audio and image tokens are more than the {self.prompt} prompt tokens, of"
                " which they are part; how many cached tokens are audio is"
                " prompt_tokens_details.cached_tokens_details.audio_tokens"
            )
            raise ArchiveError(msg)
        if self.plain_completion < 0:
            msg = (
                f"reasoning, audio and image tokens are more than the {self.completion} completion tokens, of"
                " which they are part"
            )
            raise ArchiveError(msg)


def read_usage(value: Any) -> Usage:
    """Read a usage object, or a response that has one as its member `usage`.

    Both APIs of OpenAI are read, `prompt_tokens` and `input_tokens`. Members beyond are `cache_creation`,
    `server_tool_use`, `images` and `requests`. Raise ArchiveError for anything else, for a count that is no
    whole number from 0 on, and where parts are more than the whole.
    """
    if isinstance(value, Mapping) and isinstance(value.get("usage"), Mapping):
        value = value["usage"]
    if not isinstance(value, Mapping):
        msg = "a usage object is a JSON object with prompt_tokens and completion_tokens"
        raise ArchiveError(msg)
    if any(name in value for name in ANTHROPIC_MEMBERS):
        msg = (
            "this usage object is of Anthropic's own API, whose input_tokens leave out what was cached: write"
            " prompt_tokens (their sum) with prompt_tokens_details.cached_tokens and cache_write_tokens"
        )
        raise ArchiveError(msg)
    prompt, completion = ("prompt", "completion") if "prompt_tokens" in value else ("input", "output")
    if f"{prompt}_tokens" not in value:
        msg = (
            f"the usage object has no prompt_tokens; it has {', '.join(sorted(map(str, value))) or 'nothing'}"
        )
        raise ArchiveError(msg)
    usage = _read_counts(value, f"{prompt}_tokens", f"{completion}_tokens")
    usage.check()
    return usage


def _read_counts(value: Mapping[str, Any], prompt: str, completion: str) -> Usage:
    inside, outside = f"{prompt}_details", f"{completion}_details"
    tools = "server_tool_use" if isinstance(value.get("server_tool_use"), dict) else "server_tool_use_details"
    hourly = _read_count(value, "cache_creation", "ephemeral_1h_input_tokens")
    written = _read_count(value, inside, "cache_write_tokens")
    searches = _read_count(value, tools, "web_search_requests") or _read_count(value, "web_search_requests")
    calls = _read_count(value, tools, "tool_calls_executed")
    return Usage(
        prompt=_read_count(value, prompt),
        completion=_read_count(value, completion),
        cached=_read_count(value, inside, "cached_tokens"),
        cached_audio=_read_count(value, inside, "cached_tokens_details", "audio_tokens"),
        written=written or hourly + _read_count(value, "cache_creation", "ephemeral_5m_input_tokens"),
        written_1h=hourly,
        audio=_read_count(value, inside, "audio_tokens"),
        image=_read_count(value, inside, "image_tokens"),
        reasoning=_read_count(value, outside, "reasoning_tokens"),
        audio_output=_read_count(value, outside, "audio_tokens"),
        image_output=_read_count(value, outside, "image_tokens"),
        images=_read_count(value, "images"),
        web_searches=searches,
        tool_calls=max(calls - searches, 0),
        requests=_read_count(value, "requests") if "requests" in value else 1,
        charged=parse_price(str(value.get("cost"))),
        notes=tuple(_list_notes(value)),
    )


def _read_count(value: Mapping[str, Any], *path: str) -> int:
    """Return a count, 0 where it is null or absent; raise ArchiveError where it is no count."""
    sent = get_nested(value, *path)
    count = as_integer(sent)
    if sent is not None and (count is None or count < 0):
        msg = f"{'.'.join(path)} in the usage object is no whole number from 0 on: {str(sent)[:40]!r}"
        raise ArchiveError(msg)
    return count or 0


def _list_notes(value: Mapping[str, Any]) -> list[str]:
    notes = [
        f"{name} was {value[name]!r}: the list has only standard prices"
        for name in ("service_tier", "speed")
        if value.get(name) not in STANDARD_TIERS
    ]
    if value.get("is_byok") is True:
        notes.append("the request was paid to the provider with a key of its own (is_byok)")
    return notes
