"""Members of the files of names, of replacements and of models that are gone, with their descriptions."""

from typing import Annotated

from orarchive.catalog import comparison, names, redirects
from orarchive.catalog.name_forms import BASE, FAMILY
from orarchive.publish.api.types import MODEL_ID, Count, Date, DecimalText, Hour, Shape, describe, restrict

GoneState = Annotated[str, restrict(["stale", "deprecated", "removed"])]


class NamePeriod(Shape, frozen=True, kw_only=True):
    """A stretch of hours in which a name stood for one model, or for none in particular."""

    since: Annotated[Hour, describe("First hour (UTC)")]
    until: Annotated[Hour | None, describe("Last hour (UTC); null while it does")]
    id: Annotated[str | None, describe("Model that it stood for; null: it fitted several")]


class NameRow(Shape, frozen=True, kw_only=True):
    """A name of a model beside its id."""

    name: Annotated[str, describe("The name, in lower case")]
    kind: Annotated[
        str,
        restrict([*names.KINDS, names.NEWEST]),
        describe(
            f"`{names.OPENROUTER}`: OpenRouter's own alias; `{names.HASH}`: the slug with a hash, where"
            f" several ids have the slug; `{names.NEWEST}`: the newest of a family. `{FAMILY}` and `{BASE}`"
            " (an id without its variant) give candidates"
        ),
    ]
    source: Annotated[str, describe("Where it comes from: `id`, an alias, or a reviewed file")]
    id: Annotated[str | None, describe("Model that it stands for now; null where it fits several or none")]
    periods: Annotated[list[NamePeriod], describe("What it stood for, oldest first")]
    candidates: Annotated[
        list[str], describe("Of a name that stands for no single model those that it fits, newest first")
    ]


class Replacement(Shape, frozen=True, kw_only=True, rename={"target": "to"}):
    """What replaces a model that is gone or about to go."""

    target: Annotated[str, describe("Model that is listed, and neither an alias nor a router")]
    kind: Annotated[
        str,
        restrict(redirects.KINDS),
        describe(
            "Who says so, the strongest first: OpenRouter's answer for the id, its permanent name of the"
            " model, its alias, the paid twin of a variant that ended, an announcement, a review;"
            " `same_family`, a rule of this archive, is advice only"
        ),
    ]
    evidence: Annotated[str, describe("What it is read from")]
    via: Annotated[list[str], describe("Models between, themselves gone or about to go")]
    price_ratio: Annotated[
        DecimalText | None,
        describe(
            "Price of the replacement by that of the model (three of input to one of output); null where one"
            " is unknown, or the model was free"
        ),
    ]
    price: Annotated[
        str,
        restrict([comparison.CHEAPER, comparison.SAME, comparison.DEARER, comparison.UNKNOWN]),
        describe("The same in a word"),
    ]
    lost: Annotated[
        list[str],
        describe(
            "Flags that the model had and the replacement is not known to have; also `context` and the like"
        ),
    ]


class RedirectRow(Replacement, frozen=True, kw_only=True, rename={"source": "from", "target": "to"}):
    """A model and what replaces it."""

    source: Annotated[str, describe(MODEL_ID)]
    last_verified: Annotated[Date, describe("Last day (UTC) on which the replacement was seen in the list")]


class UnreplacedRow(Shape, frozen=True, kw_only=True):
    """A model that is gone or about to go, and that nothing replaces."""

    id: Annotated[str, describe(MODEL_ID)]
    reason: Annotated[str, describe("Why nothing does")]
    nearest: Annotated[
        str | None, describe("The listed model of its family that lacks least; null where there is none")
    ]
    lost: Annotated[list[str], describe("What that is not known to have, as in `redirects`")]
    newest: Annotated[
        list[str],
        describe(
            "Where none of its family comes into question: the newest listed models of its lab,"
            " those in its price class first"
        ),
    ]


class RedirectFile(Shape, frozen=True, kw_only=True):
    """What replaces what."""

    redirects: Annotated[list[RedirectRow], describe("What replaces each model, by its id")]
    unreplaced: Annotated[list[UnreplacedRow], describe("Models that nothing replaces, by id")]


class TombstoneRow(Shape, frozen=True, kw_only=True):
    """What is on record of a model that is gone."""

    id: Annotated[str, describe(MODEL_ID)]
    name: Annotated[str, describe("Name for people")]
    first_seen: Annotated[Hour, describe("First hour (UTC) that listed it")]
    last_seen: Annotated[Hour, describe("Last hour (UTC) that listed it")]
    state: Annotated[GoneState, describe("Missing for less than 14 days, for 14 or more, for 30 or more")]
    listed_hours: Annotated[Count, describe("Hours from the first to the last, without absences")]
    absences: Annotated[Count, describe("Number of times that it went and came back")]
    prices: Annotated[dict[str, DecimalText], describe("Last prices, as `pricing` of models.json")]
    blended: Annotated[
        DecimalText | None, describe("USD for a million tokens, three of input to one of output")
    ]
    providers: Annotated[
        list[str] | None, describe("Those that served it in its last hour; null where none is on record")
    ]
    expires: Annotated[Date | None, describe("Day of its end, as the list had it")]
    announced: Annotated[Hour | None, describe("First hour (UTC) that showed that day")]
    notice_days: Annotated[int | None, describe("Days from then to the last hour; null: not announced")]
    notice: Annotated[str, describe("The notice in words")]
    answer: Annotated[str, describe("How OpenRouter answered for its id afterwards; empty: not on record")]
    end: Annotated[str, describe("How it went, in words")]
    replacement: Annotated[str | None, describe("What replaces it; see redirects.json")]
