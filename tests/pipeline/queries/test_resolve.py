"""`resolve`: living, gone, ambiguous and unknown names, in words and as JSON, and what the Tab key offers."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from click.shell_completion import ShellComplete

from orarchive.cli.main import main
from orarchive.cli.options import EXIT_FOUND
from orarchive.cli.resolve import EXIT_GONE
from orarchive.sample import START
from orarchive.timestamps import format_hour, format_stamp
from tests.support.all_readers import ask
from tests.support.archives import FEW, HOUR, Stage, build_payloads
from tests.support.questions import (
    ALIAS,
    FIRST,
    FREE,
    GEMINI,
    GLM,
    HAIKU,
    IMAGE,
    LAST,
    SECOND,
    assert_refused,
    get_model,
    remove_models,
)


def resolve(stage: Stage, *arguments: str, code: int = 0) -> dict[str, Any]:
    """Return what `resolve` prints as JSON; it must end with a code."""
    result = ask(stage, "resolve", *arguments, "--json")
    assert (result.exit_code, result.stderr) == (code, "")
    printed: dict[str, Any] = json.loads(result.stdout)
    assert printed["asked"] == arguments[0]
    return printed


@pytest.mark.parametrize(
    ("text", "kind"),
    [("claude-haiku-4.5", "slug"), ("Claude-Haiku-4-5", "twin"), ("claude-haiku@latest", "latest")],
)
def test_short_names(four_hours: Stage, text: str, kind: str) -> None:
    printed = resolve(four_hours, text)
    assert (printed["id"], printed["status"], printed["name"]["kind"]) == (HAIKU, "listed", kind)
    assert printed["hour"] == format_stamp(LAST)


def test_id_in_words(four_hours: Stage) -> None:
    result = ask(four_hours, "resolve", HAIKU)
    assert result.stdout.splitlines() == [
        HAIKU,
        "  state  listed at 2026-06-01T04Z",
        "  names  claude-haiku-4.5, claude-haiku-4-5, claude-haiku, claude-haiku@latest",
    ]


def test_alias_moved(four_hours: Stage) -> None:
    """It stands for what it points at, at each hour; its history says when it moved.

    In the first hour that was a model which is not in the list.
    """
    former = resolve(four_hours, ALIAS, "--at", format_hour(FIRST), code=EXIT_FOUND)
    assert (former["status"], former["candidates"]) == ("never listed", [])
    in_words = ask(four_hours, "resolve", ALIAS, "--at", format_hour(FIRST))
    assert_refused(in_words, EXIT_FOUND, f"{ALIAS} points at {former['id']}, which no list")
    for text in (ALIAS, "gpt-latest", "GPT@latest"):
        printed = resolve(four_hours, text)
        assert printed["id"] == GEMINI
        assert printed["name"]["periods"] == [
            {"id": former["id"], "since": format_stamp(FIRST), "until": format_stamp(FIRST)},
            {"id": GEMINI, "since": format_stamp(SECOND), "until": None},
        ]
    words = f"({ALIAS}); since {format_hour(SECOND)}"
    assert words in ask(four_hours, "resolve", "gpt-latest").stdout


def test_periods_of_an_alias(stage: Stage) -> None:
    """An edit of its record ends none; an absence does, for nothing says what it points at meanwhile."""
    bodies = build_payloads(START)
    get_model(bodies, ALIAS)["alias_target"] = {"slug": HAIKU}
    edited = copy.deepcopy(bodies)
    get_model(edited, ALIAS)["name"] = "Another name"
    for number, listed in enumerate((bodies, edited, remove_models(edited, ALIAS), edited)):
        stage.serve(listed)
        assert stage.run(START + number * HOUR) == 0
    hours = [format_stamp(START + number * HOUR) for number in range(4)]
    assert resolve(stage, "gpt-latest")["name"]["periods"] == [
        {"id": HAIKU, "since": hours[0], "until": hours[1]},
        {"id": HAIKU, "since": hours[3], "until": None},
    ]
    away = resolve(stage, "gpt-latest", "--at", format_hour(START + 2 * HOUR), code=EXIT_GONE)
    assert (away["id"], away["redirect"]["to"]) == (ALIAS, HAIKU)


def test_model_that_is_gone(four_hours: Stage) -> None:
    """Exit code 1, with what is on record of it; as of an hour before, it is listed."""
    printed = resolve(four_hours, FREE, code=EXIT_GONE)
    stone = printed["tombstone"]
    assert (printed["id"], printed["status"], stone["last_seen"]) == (FREE, "gone", format_stamp(SECOND))
    assert (stone["listed_hours"], stone["answer"], stone["providers"]) == (1, "gone", ["DeepInfra"])
    assert stone["prices"] == {"prompt": "0", "completion": "0"}
    assert ask(four_hours, "resolve", FREE).stdout.splitlines() == [
        FREE,
        "  state           gone (stale): last seen 2026-06-01T01Z",
        "  names           gpt-oss-20b:free",
        "  listed          for 0 days (1 h) since 2026-06-01T00Z",
        "  last price      input $0, output $0",
        "  last providers  DeepInfra",
        "  notice          not announced anywhere we could see",
        "  end             removed: OpenRouter no longer knows its id",
        "  replaced by     nothing: no other model of its family, gpt-oss, is listed",
    ]
    assert resolve(four_hours, FREE, "--at", format_hour(SECOND))["status"] == "listed"


def test_replacement(stage: Stage) -> None:
    """By its base, which is dearer than nothing."""
    base = FREE.removesuffix(":free")
    bodies = build_payloads(START, (*FEW, base))
    for hour, listed in ((START, bodies), (START + HOUR, remove_models(bodies, FREE))):
        stage.serve(listed)
        assert stage.run(hour) == 0
    redirect = resolve(stage, FREE, code=EXIT_GONE)["redirect"]
    assert (redirect["from"], redirect["to"], redirect["kind"]) == (FREE, base, "variant_base")
    assert (redirect["price"], redirect["price_ratio"]) == ("dearer", None)
    assert ask(stage, "resolve", FREE).stdout.splitlines()[-5:] == [
        f"  replaced by     {base}",
        "    because       the same model without the variant",
        f"    evidence      {base} is {FREE} without the variant",
        "    price         paid, where the old model was free",
        "    may lack      nothing",
    ]


def test_model_that_is_about_to_go(four_hours: Stage) -> None:
    printed = resolve(four_hours, IMAGE)
    assert (printed["status"], printed["expires"], printed["tombstone"]) == ("listed", "2026-12-24", None)
    assert printed["unreplaced"]["reason"] == "no other model of its lab, openai, is listed"
    assert "; expires on 2026-12-24" in ask(four_hours, "resolve", IMAGE).stdout


def test_ambiguous_name(four_hours: Stage) -> None:
    """Nobody guesses: a variant alone is only a candidate."""
    printed = resolve(four_hours, "gpt-oss", code=EXIT_FOUND)
    assert (printed["status"], printed["id"]) == ("ambiguous", None)
    (candidate,) = printed["candidates"]
    assert candidate == {"id": FREE, "listed": False, "last_seen": format_stamp(SECOND)}
    in_words = ask(four_hours, "resolve", "gpt-oss")
    assert in_words.stdout.splitlines() == [
        "gpt-oss stands for no single model; it fits, newest first:",
        f"  {FREE}  last seen 2026-06-01T01Z",
    ]
    assert "none of them is listed; `orarchive models gpt-oss`" in in_words.stderr


@pytest.mark.parametrize("form", ["{slug}", "openrouter/{id}", "{id}:nitro", "openrouter/{slug}:floor"])
def test_form_of_a_request(four_hours: Stage, form: str) -> None:
    """What a request may have in place of an id stands for the model, as it does for `check`."""
    slug = get_model(build_payloads(START), HAIKU)["canonical_slug"]
    assert slug != HAIKU
    assert resolve(four_hours, form.format(slug=slug, id=HAIKU))["id"] == HAIKU


def test_unknown_name(four_hours: Stage) -> None:
    """An id must be spelled as it is: its twin is suggested, and so are similar names."""
    assert_refused(
        ask(four_hours, "resolve", "claude-haiku-4.4"), EXIT_FOUND, "did you mean claude-haiku-4.5"
    )
    twin = resolve(four_hours, "anthropic/claude-haiku-4-5", code=EXIT_FOUND)
    assert (twin["status"], twin["suggestions"][0]) == ("unknown", HAIKU)
    assert resolve(four_hours, "§", code=EXIT_FOUND)["suggestions"] == []
    early = ask(four_hours, "resolve", GLM, "--at", "2020-01-01")
    assert_refused(early, EXIT_FOUND, "begins with 2026-06-01T00Z")


# --- completion ---------------------------------------------------------------------------------------------


def complete(command: str, archive: Path, text: str) -> list[str]:
    """Return what the Tab key offers for the first argument of a command."""
    completion = ShellComplete(main, {}, "orarchive", "_ORARCHIVE_COMPLETE")
    items = completion.get_completions([command, "--archive", str(archive)], text)
    return [item.value for item in items]


def test_completion_offers_ids_and_names(four_hours: Stage, tmp_path: Path) -> None:
    """Nothing, and no word, where there is no index or no archive."""
    ask(four_hours, "index")
    root = four_hours.root
    for command in ("price", "cost"):
        assert complete(command, root, "anthropic/claude-h") == [HAIKU]
    assert set(complete("log", root, HAIKU)) > {HAIKU}, "with its endpoints"
    assert complete("log", root, "novi") == ["novita"]
    assert complete("resolve", root, "claude-haiku-4") == ["claude-haiku-4-5", "claude-haiku-4.5"]
    assert FREE in complete("resolve", root, "")
    assert complete("resolve", tmp_path, "") == []


def test_completion_writes_nothing(stage: Stage) -> None:
    """An archive without an index stays one."""
    assert complete("resolve", stage.root, "") == []
    assert not list(stage.root.glob(".git/orarchive*"))


@pytest.mark.parametrize("command", [("price",), ("cost", "--input", "1")], ids=["price", "cost"])
def test_other_commands_take_names(four_hours: Stage, command: tuple[str, ...]) -> None:
    """What a name stands for is noted; one that fits several models is refused, with all of them."""
    result = ask(four_hours, command[0], "claude-haiku-4.5", *command[1:])
    assert (result.exit_code, result.stderr) == (0, f"claude-haiku-4.5 stands for {HAIKU}\n")
    assert result.stdout == ask(four_hours, command[0], HAIKU, *command[1:]).stdout
    several = ask(four_hours, command[0], "gpt-oss", *command[1:])
    assert "gpt-oss stands for no single model; name one of these: " + FREE in several.stderr
    unknown = ask(four_hours, command[0], "claude-haiko-4.5", *command[1:])
    assert (unknown.exit_code, HAIKU in unknown.stderr) == (1, True)
