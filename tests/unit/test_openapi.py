"""The service's OpenAPI file: values out of any schema, how it is archived, and paths made of names."""

import json
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orarchive.collect import validate
from orarchive.collect.openapi import format_openapi, get_origin, list_values
from orarchive.collect.ranking_schedule import list_slices
from orarchive.collect.validate import RejectedPayload
from orarchive.domain.ranking_series import APPS, CATEGORY, MODELS, ORDER
from orarchive.errors import NotJSON
from orarchive.paths import MAX_SEGMENT_LENGTH, escape_segment
from orarchive.sample.openapi import build_document

TWO = ["marketing", "marketing/seo"]


def spec(schema: Any, **components: Any) -> Any:
    """Return a file in which the parameter `category` of /models has a schema."""
    listed = [{"name": "sort", "schema": {"enum": ["newest"]}}, {"name": "category", "schema": schema}]
    return {
        "openapi": "3.1.0",
        "paths": {"/models": {"get": {"parameters": listed}}},
        "components": components,
    }


def ref(name: str) -> dict[str, str]:
    """Return a reference to a component."""
    return {"$ref": f"#/components/{name}"}


SHAPES = {
    "enum": spec({"type": "string", "enum": TWO}),
    "null among them": spec({"enum": [*TWO, None]}),
    "items": spec({"type": "array", "items": {"enum": TWO}}),
    "alternatives": spec({"anyOf": [{"enum": TWO[:1]}, {"type": "null"}, {"oneOf": [{"enum": TWO[1:]}]}]}),
    "one twice": spec({"anyOf": [{"enum": TWO}, {"enum": TWO[1:]}]}),
    "elsewhere": spec(ref("Category"), Category={"enum": TWO}),
    "elsewhere, twice over": spec(
        ref("A"), A=ref("B~1~0c"), **{"B/~c": {"allOf": [ref("C")]}}, C={"enum": TWO}
    ),
    "what cannot be asked for": spec({"enum": ["", *TWO, 1, True, ["x"], "half \ud800", "a\nb", "nul\0"]}),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_values(shape: str) -> None:
    assert list_values(SHAPES[shape], "models", "category") == TWO


def test_values_of_a_parameter_that_stands_elsewhere() -> None:
    file = spec({})
    file["paths"]["/models"]["get"]["parameters"] = [{"$ref": "#/components/P"}]
    file["components"]["P"] = {"name": "category", "schema": {"enum": TWO}}
    assert list_values(file, "models", "category") == TWO


@pytest.mark.parametrize(
    "file",
    [
        *(
            None,
            [],
            {},
            "x",
            {"paths": []},
            {"paths": {"/models": None}},
            spec(None),
            spec([]),
            spec({"enum": {}}),
        ),
        *(
            spec(ref("Nowhere")),
            spec({"$ref": "https://example.org/x"}),
            spec({"$ref": 3}),
            spec(ref("A"), A=ref("A")),
        ),
        *(
            spec({"anyOf": {}}),
            spec({"items": ["x"]}),
            {"paths": {"/models": {"get": {"parameters": {"a": 1}}}}},
        ),
    ],
)
def test_no_values(file: Any) -> None:
    assert list_values(file, "models", "category") == []


def test_schemas_that_lead_to_themselves_are_read_once() -> None:
    """Three references back at each step would make 3^20 of them."""
    schema = {"anyOf": [ref("A"), ref("A"), {"items": ref("A")}, {"enum": TWO}]}
    assert list_values(spec(ref("A"), A=schema), "models", "category") == TWO
    deep: Any = {"enum": TWO}
    for _ in range(5000):
        deep = {"items": deep}
    assert list_values(spec(deep), "models", "category") == TWO


NAMES = ["A", "B", "C"]
SCHEMAS = st.recursive(
    st.builds(ref, st.sampled_from([*NAMES, "D", "A/items", "B/anyOf/0"]))
    | st.fixed_dictionaries({"enum": st.lists(st.sampled_from([*TWO, "x", "", 1, None]), max_size=3)})
    | st.none()
    | st.text(max_size=3),
    lambda inner: st.dictionaries(
        st.sampled_from(["items", "anyOf", "oneOf", "allOf", "$ref", "enum"]),
        inner | st.lists(inner, max_size=3),
        max_size=3,
    ),
    max_leaves=8,
)


@settings(max_examples=150)
@given(schema=SCHEMAS, components=st.fixed_dictionaries(dict.fromkeys(NAMES, SCHEMAS)))
def test_any_schema(schema: Any, components: Any) -> None:
    """Return texts of the file, each once, without hanging or raising."""
    values = list_values(spec(schema, **components), "models", "category")
    assert len(values) == len(set(values))
    assert set(values) <= set(list_texts([schema, components]))


def list_texts(value: Any) -> Iterator[str]:
    """Yield the texts in a value, at any depth."""
    if isinstance(value, str):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from list_texts(child)


def test_the_slices_of_series() -> None:
    file = build_document(["programming", *TWO])
    assert list_slices(ORDER, file) == ["", "programming", *TWO]
    assert list_slices(CATEGORY, file) == ["programming", *TWO]
    assert list_slices(APPS, file) == ["popular", "trending"]
    assert list_slices(MODELS, None) == [""] == list_slices(ORDER, None)
    assert list_slices(CATEGORY, None) == []


def test_origin() -> None:
    assert get_origin("https://openrouter.ai/api/v1") == "https://openrouter.ai"
    assert get_origin("http://127.0.0.1:8123/api/v1") == "http://127.0.0.1:8123"


# --- how it is archived -------------------------------------------------------------------------------------


def test_format() -> None:
    """Write a line for each member, keys sorted, lists as sent; numbers and lone surrogates as they came."""
    raw = rb'{"z":[2,1,{}],"b":{"y":1e400,"x":0.10,"w":1180591620717411303423},"a":"\ud800\u00e9","e":[]}'
    assert format_openapi(raw).decode().splitlines() == [
        *("{", ' "a": "\\ud800é",', ' "b": {', '  "w": 1180591620717411303423,', '  "x": 0.10,'),
        *('  "y": 1e400', " },", ' "e": [],', ' "z": [', "  2,", "  1,", "  {}", " ]", "}"),
    ]
    with pytest.raises(NotJSON):
        format_openapi(b'{"a": NaN}')


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(st.characters(codec=None), max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=10,
    )
)
def test_format_keeps_the_value(value: Any) -> None:
    """Read back the value that was sent; formatting it again changes nothing."""
    content = format_openapi(json.dumps(value).encode())
    assert json.loads(content) == value
    assert format_openapi(content) == content


@pytest.mark.parametrize(
    "body", [None, [], {}, {"openapi": 3, "paths": {"/x": {}}}, {"openapi": "3", "paths": []}]
)
def test_other_files_are_rejected(body: Any) -> None:
    with pytest.raises(RejectedPayload, match="wrong-shape"):
        validate.validate_openapi(body)


# --- paths of names ----------------------------------------------------------------------------------------

HOSTILE = [
    *(
        "../x",
        "..",
        ".",
        "a/../b",
        "a/b",
        "a/./b",
        "a//b",
        "/",
        "//",
        "a/",
        "/a",
        "",
        " ",
        "~",
        "-x",
        "\\",
        "a\\b",
    ),
    *(
        "CON",
        "con",
        "Con.jsonl",
        "NUL",
        "com1",
        "aux.jsonl",
        "index",
        "x.jsonl",
        "x.jsonl/y",
        "x",
        "x/y",
        "x=2ejsonl",
    ),
    *(
        "a" * 300,
        "a" * 299 + "b",
        "A" * 300,
        "é" * 300,
        "b/" * 400,
        "b/" * 401,
        "Marketing",
        "MARKETING",
        "marketing",
    ),
    *(
        ".git",
        ".gitattributes",
        "marketing/2026-01.jsonl",
        "marketing/2026-01",
        "marketing/seo",
        "marketing=2fseo",
    ),
    *(
        "a\0b",
        "a\nb",
        "a\u202eb",
        "e\u0301",
        "\u00e9",
        "CON/../..",
        "=",
        "=3d",
        "2026-01",
        "2026-01.jsonl",
        "*",
        "a?b",
    ),
]


def check_distinct(paths: list[str]) -> None:
    """Assert that paths are plain, below data/rankings, and distinct also where case does not count."""
    assert len({path.lower() for path in paths}) == len(paths)
    folders = {str(folder).lower() for path in paths for folder in PurePosixPath(path).parents}
    assert not folders & {path.lower() for path in paths}, "a file where a folder is"
    for path in paths:
        assert re.fullmatch(r"rankings(/[a-z0-9_~=-][a-z0-9_.~=-]*)+\.jsonl", path), path
        assert not {".", ".."} & set(path.split("/"))
        assert len(path) < 400 and max(map(len, path.split("/"))) < 140
        assert not any(re.match(r"(con|aux|nul|prn|com\d|lpt\d)(\.|$)", part) for part in path.split("/"))


def test_hostile_names_stay_inside_and_distinct() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE)
    check_distinct([ORDER.get_file_path(name) for name in HOSTILE])
    check_distinct(
        [CATEGORY.get_file_path(name, date) for name in HOSTILE for date in ("2026-01-05", "2026-02-02")]
    )


@given(st.sets(st.text(st.sampled_from("aA./=\\~é%"), max_size=6) | st.text(max_size=90), max_size=12))
def test_any_names_stay_inside_and_distinct(names: set[str]) -> None:
    check_distinct([ORDER.get_file_path(name) for name in names])
    check_distinct([CATEGORY.get_file_path(name, "2026-01-05") for name in names])


@given(st.text(max_size=200))
def test_segment(text: str) -> None:
    """Return a plain, short, non-empty text; a plain text is returned as it is."""
    segment = escape_segment(text)
    assert re.fullmatch(r"[a-z0-9_~=-][a-z0-9_.~=-]*", segment)
    assert len(segment) <= MAX_SEGMENT_LENGTH + 2 + 32
    assert (
        segment == text
        or not re.fullmatch(r"[a-z0-9_~-]{1,80}", text)
        or text in ("con", "aux", "nul", "prn", "index", "git~1")
    )
