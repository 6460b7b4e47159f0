"""The file `llms.txt` for language models: what the site is, and where its files for programs are."""

from collections.abc import Iterator, Sequence

from orarchive.publish.api.envelope import ApiSite
from orarchive.publish.api.kinds import API_FOLDER, INDEX, KINDS, OPENAPI_FILE, SCHEMA_FOLDER
from orarchive.publish.news_feeds import CHANGES_FEED
from orarchive.publish.pages import DATABASE
from orarchive.publish.parquet_list import ParquetFile, describe
from orarchive.publish.views.data_page import DATABASE_WORDS, DATASET_WORDS, TABLES

LLMS_PATH = "llms.txt"


def render_llms(base: str | None, parquet_files: Sequence[ParquetFile] = ()) -> bytes:
    """Return the file; its links are absolute where the address of the site is known."""
    return ("\n".join(_list_lines(base, parquet_files)) + "\n").encode()


def _list_lines(base: str | None, parquet_files: Sequence[ParquetFile]) -> Iterator[str]:
    """Yield the lines in the form of llmstxt.org: title, summary, notes and lists of links."""
    site = ApiSite(base)

    def format_link(path: str, words: str) -> str:
        return f"- [{path}]({base + path if base else site.link(path)}): {words}"

    yield "# OpenRouter archive"
    yield f"\n> {DATASET_WORDS} Static files: no key, no limit."
    yield (
        "\nEvery JSON file of the API is an object of `as_of`, `schema` and `data`. Prices are exact decimals"
        " as text, in USD per token or unit; hours are UTC."
    )
    yield "\n## API\n"
    openapi = f"{API_FOLDER}/{OPENAPI_FILE}"
    yield format_link(openapi, "OpenAPI 3.1 of all files, with the compatibility promise and the changelog")
    for kind in KINDS:
        if "{" not in kind.paths[0]:
            yield format_link(f"{API_FOLDER}/{kind.paths[0]}", kind.description)
    yield (
        f"\nFiles of single models, months and categories are linked from {INDEX.paths[0]}; JSON Schemas are"
        f" in {API_FOLDER}/{SCHEMA_FOLDER}/."
    )
    yield "\n## Downloads\n"
    yield format_link(DATABASE, DATABASE_WORDS)
    for path, words in TABLES.items():
        yield format_link(path, words)
    for file in parquet_files:
        yield format_link(file.path, f"Parquet: {describe(file)}")
    yield "\n## Optional\n"
    yield format_link("data/index.html", "All files for programs, with examples and every member")
    yield format_link(CHANGES_FEED.json_path, "Latest changes, as JSON Feed")
