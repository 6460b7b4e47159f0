"""Ids in files of ten kinds with much that looks like one, and single lines that were hard."""

from pathlib import Path

import pytest

from orarchive.catalog.id_finder import find_ids
from tests.support.check_lists import read_list

KNOWN = read_list().known

CONFIGS = Path(__file__).parent / "configs"

EXPECTED: dict[str, list[tuple[int, str]]] = {
    "litellm.yaml": [
        (4, "anthropic/claude-sonnet-4.5"),
        (14, "openai/gpt-4-vision-preview"),
        (16, "antropic/claude-sonnet-4.5"),
        (22, "openai/gpt-5"),
        (22, "google/gemini-2.0-flash-001"),
    ],
    "app.env": [
        (1, "openai/gpt-4-vision-preview"),
        (4, "anthropic/claude-opus-4"),
        (5, "openai/gpt-5-mini"),
        (6, "mistralai/mistral-7b-instruct"),
        (6, "google/gemini-2.5-flash"),
        (7, "openai/gpt-6-vision"),
    ],
    "langchain_agent.py.txt": [
        (6, "google/gemini-2.5-pro"),
        (11, "openai/gpt-4o"),
        (11, "anthropic/claude-2.1"),
        (13, "openai/gpt-5-mini"),
        (14, "deepseek/deepseek-r1:nitro"),
        (15, "openai/gpt-7"),
        (19, "~openai/gpt-latest"),
        (23, "qwen/qwen3-235b-a22b"),
        (24, "mistralai/mistral-7b-instruct"),
    ],
    "openai_client.ts": [
        (8, "anthropic/claude-sonnet-4.5"),
        (10, "openai/gpt-4-vision-preview"),
        (11, "openrouter/auto"),
        (11, "meta-llama/llama-3.3-70b-instruct:free"),
        (12, "openai/gpt-4o"),
        (15, "openai/gpt-5-mini"),
    ],
    "continue.yaml": [
        (7, "anthropic/claude-sonnet-4.5"),
        (11, "anthropic/claude-2.1"),
        (14, "anthropic/claude-sonet-4.5"),
    ],
    ".aider.conf.yml": [
        (2, "anthropic/claude-opus-4"),
        (3, "openai/gpt-5-mini"),
        (7, "mistralai/mistral-7b-instruct"),
    ],
    "docker-compose.yml": [
        (5, "google/gemini-2.0-flash-001"),
        (7, "deepseek/deepseek-r2"),
        (10, "qwen/qwen3-235b-a22b"),
        (12, "mistralai/mistral-large-2411"),
    ],
    "settings.json": [
        (2, "openai/gpt-5"),
        (4, "anthropic/claude-opus-4.1"),
        (5, "google/palm-2-chat-bison"),
        (6, "x-ai/grok-9"),
        (8, "openai/gpt-4o"),
        (8, "openai/gpt-4-vision-preview"),
        (9, "anthropic/claude-2.1"),
    ],
    "config.toml": [
        (3, "anthropic/claude-sonnet-4.5:nitro"),
        (5, "openai/gpt-5-mini"),
        (6, "cohere/command-z"),
        (7, "google/gemini-2.5-flash:free"),
    ],
    "README.md": [
        (3, "openai/gpt-5"),
        (3, "google/gemini-2.5-pro"),
        (3, "openai/gpt-4-vision-preview"),
        (4, "anthropic/claude-opus-4.1"),
        (4, "openai/gpt-8"),
        (4, "qwen/qwen3-235b-a22b"),
        (8, "deepseek/deepseek-chat"),
        (9, "mistralai/mistral-large-2411"),
        (14, "cohere/command-a"),
        (15, "deepseek/deepseek-r1"),
    ],
}
"""Of each file the ids and their lines, also those that no list has. `.txt` hides a program from checkers."""


@pytest.mark.parametrize("name", EXPECTED)
def test_every_id_of_a_file_counts_and_no_other_word(name: str) -> None:
    matches = find_ids((CONFIGS / name).read_text(), KNOWN, name.removesuffix(".txt"))
    assert [(match.line, match.id) for match in matches] == EXPECTED[name]


def test_all_files_are_tested() -> None:
    assert {path.name for path in CONFIGS.iterdir()} == EXPECTED.keys()


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        # what was listed counts wherever it is a word of its own
        ("openai/gpt-4o.", ["openai/gpt-4o"]),
        ("(openai/gpt-4o), <code>openai/gpt-4o</code>", ["openai/gpt-4o"] * 2),
        ("openai/gpt-4o:nitro openai/gpt-4o:great", ["openai/gpt-4o:nitro", "openai/gpt-4o"]),
        ("openai/gpt-5@preset/mine openai/gpt-5@azure/eu", ["openai/gpt-5"] * 2),
        ("openrouter:openai/gpt-5 model:openai/gpt-5", ["openai/gpt-5"] * 2),
        ("openrouter/openrouter/auto", ["openrouter/auto"]),
        ("anthropic/claude-4.5-sonnet-20250929", ["anthropic/claude-4.5-sonnet-20250929"]),
        ("deepcogito/cogito-405B deepcogito/cogito-405b", ["deepcogito/cogito-405B"]),
        ("openrouter.ai/openai/gpt-9.", ["openai/gpt-9"]),
        ("https://openrouter.ai/docs/quickstart https://openrouter.ai/settings/keys", []),
        # parts of something else do not
        ("src/openai/gpt-4o ./openai/gpt-4o openai/gpt-4o/x C:\\openai/gpt-4o", []),
        ("openai/gpt-4o.py openai/gpt-4* openai/gpt-4o{x} openai/gpt-4o$X openai/gpt-4o%20", []),
        ("git@github.com:openai/gpt-oss-20b example.org:8000 @openai/gpt-5 $openai/gpt-5", []),
        ("https://huggingface.co/openai/gpt-oss-20b?x=openai/gpt-5", []),
        ("uses: openai/gpt-5@v1", []),
        ("hf_repo: openai/gpt-oss-20b", []),
        ('AutoModel.from_pretrained("openai/gpt-oss-20b")', []),
        ('import transformers\nx = pipeline(model="google/gemini-2.5-pro")', []),
        ('# on OpenRouter\nimport transformers\nmodel="google/gemini-2.5-pro"', ["google/gemini-2.5-pro"]),
        # another name of a lab counts where it is a model's
        ("model: openai/gpt-99", ["openai/gpt-99"]),
        ('OPENAI_MODEL: str = "openai/gpt-99"', ["openai/gpt-99"]),
        ("--model openai/gpt-99 --model-file openai/gpt-98", ["openai/gpt-99"]),
        ('{"openai/gpt-99": 1, "openai/gpt-zero": 2}', ["openai/gpt-99"]),
        ("models:\n  # the best\n  - openai/gpt-zero", ["openai/gpt-zero"]),
        ("images:\n  - openai/whisper-1", []),
        ("dependencies:\n  openai/gpt-3: 1\n  'openai/gpt-4': 2", []),
        ("about openai/gpt-99 and `openai/gpt-98`", ["openai/gpt-98"]),
        ('model_name: str = "microsoft/wavlm-large"', []),
        ('model_name: str = "microsoft/wavlm-large"  # OpenRouter', ["microsoft/wavlm-large"]),
        ('MODEL = "openai/gpt-99"  # of Groq', []),
        ("| openrouter/openai/gpt-99 | openrouter/openai/index |", ["openai/gpt-99"]),
        ("model: openai/GPT-99", []),
        ("model: openai/gpt-99.gguf", []),
        ("model: openai/gpt-", []),
    ],
)
def test_a_line(text: str, ids: list[str]) -> None:
    assert [match.id for match in find_ids(text, KNOWN)] == ids


def test_a_place_is_that_of_the_id() -> None:
    (match,) = find_ids("\n\n  model: openrouter/openai/gpt-5", KNOWN)
    assert (match.line, match.column) == (3, 21)


def test_the_key_of_a_list_is_looked_for_in_few_lines() -> None:
    items = [f"  - openai/gpt-{word}" for word in ("zero", "one", "two")]
    assert len(find_ids("\n".join(["models:", *items]), KNOWN)) == 3
    assert find_ids("\n".join(["models:", *["  -"] * 100, *items]), KNOWN) == []
