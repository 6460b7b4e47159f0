"""Find the ids of models in texts of any kind: code, configuration, prose.

The Action in `check/` runs this without an installation, so it needs nothing but Python 3.9.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

REQUEST_SUFFIXES = ("nitro", "floor", "exacto", "online")
"""Variants that a request may add to any id; the list has them not, or no longer."""

TOKEN = re.compile(
    r"(?<![\w./~@%$\\-])"
    r"(?P<prefix>openrouter/(?=~?[\w.-]+/))?"
    r"(?P<base>~?(?P<lab>[A-Za-z0-9][\w.-]*)/(?P<slug>[A-Za-z0-9][\w.+-]*))(?P<variant>:[A-Za-z][\w-]*)?"
)
"""A word with one slash, where it is no part of a path, an address or a package with a scope."""

SERVICE_ADDRESS = re.compile(
    r"(?<![\w.-])(?:https?://)?(?:www\.)?openrouter\.ai/(?:api/v1/)?(?:models/)?"
    r"(?P<base>~?(?P<lab>[\w-]+)/(?P<slug>\w[\w.+-]*))(?P<variant>:[a-z][\w-]*)?"
)
"""The address of a model's page or route at OpenRouter."""

URL = re.compile(r"[a-z][a-z+.-]*://[^\s\"'<>`]+", re.IGNORECASE)

PATH_NEXT = re.compile(r"[/%{$*]|@[v\d^~<>=*]|\\(?![\"'`nrt])")
"""What comes after a part of a path, a pattern, a template or a package with its version."""

HOST_BEFORE = re.compile(r"[\w-]\.[\w.-]+:$")
"""A host and a colon before a word: `git@github.com:`."""

FILE_SUFFIX = re.compile(
    r"\.(?:pyi?|ipynb|[cm]?[jt]sx?|go|rs|rb|java|kt|c|h|cc|cpp|cs|php|sh|swift|mdx?|rst|txt|html?|css|jsonl?|ya?ml"
    r"|toml|ini|cfg|xml|csv|sql|lock|git|png|jpe?g|gif|svg|webp|pdf|gguf|safetensors|bin|zip|whl|parquet)$",
    re.IGNORECASE,
)

KEY = re.compile(
    r"([A-Za-z_][\w.-]*)[\"'`]?\s*"
    r"(?::\s*&?[A-Za-z][\w.\[\]| ]*=(?!=)|:(?=[\s\"'`\[{])|:?=(?!=)|=>)\s*"
)
"""A key, and what stands between it and its value: `model: `, `"model": `, `model=`, `model: str = `."""
MAP_KEY_END = re.compile(r"[\"'`]?\s*:(?!\w)")
"""What comes after a word that is itself a key."""
OPENING_KEY = re.compile(r"([A-Za-z_][\w.-]*)[\"'`]?\s*(?::|:?=|=>)?\s*[\[{(|>]*\s*$")
"""The key at the end of a line whose value stands on the lines below."""
FLAG = re.compile(r"(?:^|\s)--?([A-Za-z][\w-]*)\s+[\"']?$")

MODEL_KEY = re.compile(r"model|fallback", re.IGNORECASE)
OTHER_KEY = re.compile(
    r"(?i:(?:^|[_.-])(?:image|repo|repository|uses|package|require|path|dir|folder|url|uri|href|src|file|import"
    r"|from|project|module|extends|remote|origin)$|dependencies$|require-dev$)|(?:Path|Dir|U[Rr][Ll]|File|Repo)$"
)
"""Keys whose values are names of other things than models."""

REPOSITORY_KEY = re.compile(
    r"(?:^|[_.-])(?:repo|repository|repo_id|remote|uses|image|dependencies)$|^hf_|hugging_?face",
    re.IGNORECASE,
)
"""Keys whose values name a repository of code, weights or images, also where a model has the same name."""

MAX_LINES_BACK = 60
"""Lines that are read backwards for the key that an item of a list stands under."""

QUOTES = ("'", '"', "`")
VALUE_OPENINGS = ("-", *"[,({:=>|")
VALUE_ENDS = ("", *QUOTES, *"]})<,;#&|")
"""What stands before and after a value; a quote stands right at it."""

OTHER_SERVICE = re.compile(
    r"from_pretrained|hf_hub_download|snapshot_download|huggingface-cli"
    r"|^\s*(?:from|import) (?:transformers|sentence_transformers|huggingface_hub|vllm|diffusers)\b",
    re.MULTILINE,
)
"""Marks of files whose ids name repositories of weights; unless OpenRouter is named too, none counts."""

OTHER_PROVIDER = re.compile(
    r"\b(?:groq|together|fireworks|deepinfra|replicate|cerebras|sambanova|ollama|vllm|sglang|huggingface|hf|bedrock"
    r"|azure|integrate\.api\.nvidia|ai-gateway\.vercel)\b",
    re.IGNORECASE,
)
"""Marks of files for other services, whose names of models look the same; unless OpenRouter is named too, a
name that it does not know is one of theirs."""

PREFIXED_ONLY = re.compile(r"^\s*-?\s*litellm_params\s*:|^\s*(?:import|from) litellm\b", re.MULTILINE)
"""Marks of files for LiteLLM, where `openai/x` is a model of that lab's own API."""
PREFIXED_PATH = re.compile(r"(?:^|/)\.aider[^/]*$")
PROSE_PATH = re.compile(r"\.(?:mdx?|rst|txt)$", re.IGNORECASE)


@dataclass(frozen=True)
class IdMatch:
    """An id of a model in a text."""

    id: str
    line: int
    """From 1, as `column`."""
    column: int


@dataclass(frozen=True)
class KnownIds:
    """Every id that OpenRouter ever listed, and the words that the ids of each lab begin with."""

    ids: frozenset[str]
    words_by_lab: dict[str, frozenset[str]]

    @classmethod
    def from_ids(cls, ids: Iterable[str]) -> KnownIds:
        """Collect what ids have in common; the lab of an alias is the one without `~`."""
        names = frozenset(ids)
        words: dict[str, set[str]] = {}
        for name in names:
            lab, _, slug = name.lstrip("~").partition("/")
            words.setdefault(lab, set()).add(_get_first_word(slug))
        return cls(names, {lab: frozenset(members) for lab, members in words.items()})

    def resembles(self, lab: str, slug: str) -> bool:
        """Return whether a name begins as ids of its lab do."""
        return _get_first_word(slug) in self.words_by_lab.get(lab, ())


def _get_first_word(slug: str) -> str:
    return re.split(r"[^a-z]", slug, maxsplit=1)[0] or slug


def split_request_suffix(name: str) -> tuple[str, str]:
    """Return an id without the variant that a request may add to any, and that variant or ""."""
    base, _, variant = name.partition(":")
    return (base, variant) if variant in REQUEST_SUFFIXES else (name, "")


def find_ids(text: str, known: KnownIds, path: str = "") -> list[IdMatch]:
    """Find the ids in a text, in order; `path` is that of its file.

    Every id that was ever listed counts. Another name after a known lab counts only where it is treated as a
    model of OpenRouter: after `openrouter/`, as the value of a key such as `model`, or as a whole value with
    a number; and only if it begins as ids of that lab do, or has such a key in a text that names OpenRouter.
    """
    matches = sorted({*_find_addresses(text, known), *_find_words(text, known, path)})
    starts = [0, *(match.end() for match in re.finditer("\n", text))] if matches else []
    lines = [bisect_right(starts, start) for start, _ in matches]
    return [
        IdMatch(name, line, start - starts[line - 1] + 1)
        for (start, name), line in zip(matches, lines)  # noqa: B905 - `strict` came with Python 3.10
    ]


def _find_addresses(text: str, known: KnownIds) -> Iterator[tuple[int, str]]:
    """Yield the position and the id of each address of a model at OpenRouter."""
    for match in SERVICE_ADDRESS.finditer(text) if "openrouter.ai/" in text else ():
        base, variant = match["base"].rstrip("."), match["variant"] or ""
        if match["lab"] in known.words_by_lab:
            yield match.start("base"), base + (variant if base == match["base"] else "")


def _find_words(text: str, known: KnownIds, path: str) -> Iterator[tuple[int, str]]:
    """Yield the position and the id of each word outside of addresses."""
    is_ours = "openrouter" in text.lower()
    if OTHER_SERVICE.search(text) and not is_ours:
        return
    is_prose = bool(PROSE_PATH.search(path))
    needs_prefix = bool(PREFIXED_PATH.search(path) or (not is_prose and PREFIXED_ONLY.search(text)))
    urls: list[tuple[int, int]] | None = None
    for match in TOKEN.finditer(text):
        if not (match["prefix"] or (match["lab"] in known.words_by_lab and not needs_prefix)):
            continue
        if urls is None:
            urls = [url.span() for url in URL.finditer(text)]
        word = _Word(text, match, known, is_ours)
        name = word.choose_id()
        if name and not any(start <= match.start() < end for start, end in urls):
            yield match.start("base"), name


def _cut_at_opening(text: str) -> str:
    """Return the text before its last bracket that is not closed; "" where there is none."""
    depth = 0
    for position in range(len(text) - 1, -1, -1):
        if text[position] in ")]}":
            depth += 1
        elif text[position] in "([{":
            if not depth:
                return text[:position]
            depth -= 1
    return ""


class _Word:
    """A word with a slash, and what stands around it."""

    def __init__(self, text: str, match: re.Match[str], known: KnownIds, is_ours: bool) -> None:
        self.text, self.known, self.is_ours = text, known, is_ours
        self.lab, self.slug = match["lab"], match["slug"].rstrip(".")
        self.base = match["base"].rstrip(".")
        is_sentence_end = self.base != match["base"]
        self.variant = "" if is_sentence_end else match["variant"] or ""
        self.is_prefixed = bool(match["prefix"])
        self.start = match.start()
        self.end = match.start("base") + len(self.base) + len(self.variant)
        self.line_start = text.rfind("\n", 0, self.start) + 1
        line_end = text.find("\n", self.end)
        self.before = text[self.line_start : self.start]
        self.after = text[self.end : line_end if line_end >= 0 else len(text)]

    def choose_id(self) -> str | None:
        """Return the id that the word is; None where it is none."""
        if self._is_part_of_other() or "from_pretrained" in self.before:
            return None
        name, ids = self.base + self.variant, self.known.ids
        if self.base in ids or name in ids:
            if self._is_whole_value() and REPOSITORY_KEY.search(self._find_key()):
                return None
            if name in ids or split_request_suffix(name)[1]:
                return name
            return name if self._is_model_value() else self.base
        is_possible = (
            name == name.lower()
            and self.slug[-1] not in "-_+"
            and not FILE_SUFFIX.search(self.slug)
            and (self.is_ours or not OTHER_PROVIDER.search(self.text))
        )
        is_named = self.is_prefixed and self.known.resembles(self.lab, self.slug)
        return name if is_possible and (is_named or self._is_model_value()) else None

    def _is_part_of_other(self) -> bool:
        is_emphasis = self.after.startswith("*") and self.before.endswith("*")
        return bool(
            (PATH_NEXT.match(self.after) and not is_emphasis) or HOST_BEFORE.search(self.before[-80:])
        )

    def _is_model_value(self) -> bool:
        """Return whether the word is a whole value that is treated as a model."""
        flag = FLAG.search(self.before)
        if not (flag or self._is_whole_value()):
            return False
        key = flag[1] if flag else self._find_key()
        if OTHER_KEY.search(key):
            return False
        resembles = self.known.resembles(self.lab, self.slug)
        if MODEL_KEY.search(key):
            return resembles or self.is_ours
        return resembles and any(map(str.isdigit, self.slug))

    def _is_whole_value(self) -> bool:
        """Return whether the word is a value, or an item of a list of values, as a whole."""
        opening = self.before.strip()
        is_opened = self.before.endswith(QUOTES) or not opening or opening[-1] in VALUE_OPENINGS
        closing = self.after.replace("\\", "", 1) if self.after.startswith("\\") else self.after.strip()
        return is_opened and closing[:1] in VALUE_ENDS

    def _find_key(self) -> str:
        """Return the key that the word is a value of, or an item below; "" where there is none."""
        before = _cut_at_opening(self.before) if MAP_KEY_END.match(self.after) else self.before
        if keys := KEY.findall(before):
            return str(keys[-1])
        indent = len(self.before) - len(self.before.lstrip())
        is_item = self.before.lstrip().startswith("-")
        end = self.line_start - 1
        for _ in range(MAX_LINES_BACK):
            if end <= 0:
                break
            start = self.text.rfind("\n", 0, end) + 1
            line = self.text[start:end].rstrip()
            line_indent = len(line) - len(line.lstrip())
            if line and (line_indent < indent or (is_item and line_indent == indent and line.endswith(":"))):
                key = OPENING_KEY.search(line)
                return key[1] if key else ""
            end = start - 1
        return ""
