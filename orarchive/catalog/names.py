"""Names of models: what each stands for, since when, and who says so.

A name is claimed by models, each from an hour on. It stands for the model that claimed it first, and of
several in one hour for the one with the strongest kind of claim. A later claim that is as strong makes it
ambiguous for ever: a name that was given to a model is never given to another. The same holds if a past is
imported later: where the archive, as it began before, gave a name to another model, it is ambiguous from that
hour on.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Any

from orarchive.catalog.data_files import AliasRow, load_rows
from orarchive.catalog.families import LATEST
from orarchive.catalog.name_forms import BASE, FAMILY, SLUG, hash_name, list_name_forms
from orarchive.catalog.source import AliasPeriod, CatalogModel, CatalogSource
from orarchive.timestamps import format_stamp

ALIASES_FILE = "aliases.toml"

OPENROUTER, REVIEWED, HASH, NEWEST = "openrouter", "reviewed", "hash", "latest"
KINDS = (OPENROUTER, SLUG, REVIEWED, HASH, "twin", "undated", FAMILY, BASE)
"""Kinds of claims, strongest first. A claim of the last never decides: it only adds a candidate."""

KIND_PHRASES = {
    OPENROUTER: "an alias of OpenRouter's, which moves to newer models",
    SLUG: "the id without the lab",
    REVIEWED: "reviewed by people",
    HASH: "the id without the lab, and a hash to tell it from others",
    "twin": "version spelled another way",
    "undated": "the id without the lab and the date",
    FAMILY: "its family, of which it was the first model",
    NEWEST: "the latest of its family, which moves to newer models",
}
"""Kind of a name that stands for a model -> what it is, for people."""

MOVING_KINDS = (OPENROUTER, NEWEST)
"""Kinds of names that follow the newest model by their nature; their periods say when they moved."""


@dataclass(frozen=True)
class Claim:
    """A claim of a model to a name."""

    model: str
    kind: str
    source: str
    """`id`, or where else the name comes from."""
    since: dt.datetime
    until: dt.datetime | None = None
    """The last hour in which it could be made; None where it can be made whenever the model is listed."""


@dataclass(frozen=True)
class NamePeriod:
    """A stretch of hours in which a name stood for one model, or for none in particular."""

    since: dt.datetime
    until: dt.datetime | None
    """None while it does. Of an ambiguity there is no end."""
    id: str | None
    """None: it fits several models, or nothing says which."""


@dataclass(frozen=True)
class Name:
    """A name, and what it stands for."""

    name: str
    kind: str
    source: str
    periods: tuple[NamePeriod, ...]
    """Oldest first; the last has no end unless the name stands for nothing any more."""
    candidates: tuple[str, ...]
    """Of a name that does not stand for one model those that it fits, newest first."""

    @property
    def id(self) -> str | None:
        """Return the model that it stands for; None where it is ambiguous."""
        period = self.periods[-1]
        return period.id if period.until is None else None

    @property
    def since(self) -> dt.datetime:
        """Return the hour since which it has stood for what it stands for."""
        return self.periods[-1].since

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "source": self.source,
            "id": self.id,
            "periods": [
                {
                    "since": format_stamp(period.since),
                    "until": format_stamp(period.until) if period.until else None,
                    "id": period.id,
                }
                for period in self.periods
            ],
            "candidates": list(self.candidates),
        }


@dataclass(frozen=True)
class Names:
    """All names of an hour."""

    by_name: Mapping[str, Name]
    """In the order of the alphabet; lower case, except that ids of aliases stand as they are."""
    families: Mapping[str, tuple[str, ...]]
    """Name of a family -> its members, variants left out, newest first."""

    @cached_property
    def by_model(self) -> dict[str, list[Name]]:
        """Return the names that stand for each model, the strongest kind first."""
        names: dict[str, list[Name]] = defaultdict(list)
        for kind in (*KINDS, NEWEST):
            for name in self.by_name.values():
                if name.kind == kind and name.id:
                    names[name.id].append(name)
        return names

    def find(self, text: str) -> Name | None:
        """Return the name that a text is, in any case; None where it is no name."""
        return self.by_name.get(text) or self.by_name.get(text.lower())

    def find_alias(self, model: str) -> str:
        """Return the primary alias of a model: its slug, or where others claim that, one with a hash."""
        hashed = hash_name(model)
        return hashed if hashed in self.by_name else model.partition("/")[2].lower()


def build_names(source: CatalogSource, rows: Iterable[AliasRow] | None = None) -> Names:
    """Return every name of every model, listed or gone."""
    reviewed = load_rows(ALIASES_FILE, "alias", AliasRow) if rows is None else tuple(rows)
    claims = _list_claims(source, reviewed)
    names = {name: _decide(name, rivals, source) for name, rivals in claims.items()}
    hashes: dict[str, list[Claim]] = defaultdict(list)
    for model in source.models.values():
        slug = names.get(model.id.partition("/")[2].lower())  # an id without a slash has no slug
        if slug and slug.id is None:
            hashes[hash_name(model.id)].append(Claim(model.id, HASH, "id", model.first))
    names |= {
        name: _decide(name, [*claims.get(name, []), *rivals], source) for name, rivals in hashes.items()
    }
    names = {name: _follow_alias(value, source) for name, value in names.items()}
    for alias, periods in groupby(source.alias_periods, key=lambda period: period.alias):
        names[alias] = Name(alias, OPENROUTER, alias, _list_periods(periods), ())
    families = {
        name: sort_newest_first(members, source.models)
        for name, rivals in sorted(claims.items())
        if (members := {claim.model for claim in rivals if claim.kind == FAMILY})
    }
    return Names(dict(sorted(names.items())), families)


def _list_claims(source: CatalogSource, rows: Iterable[AliasRow]) -> dict[str, list[Claim]]:
    """List the claims to each name: by the forms of ids, by OpenRouter's aliases and by reviewed rows."""
    claims: dict[str, list[Claim]] = defaultdict(list)
    for model in source.models.values():
        for form in list_name_forms(model.id):
            if not model.id.startswith("~"):
                claims[form.name].append(Claim(model.id, form.kind, form.evidence, model.first))
            elif form.kind == SLUG:
                claims[form.name].append(Claim(model.id, OPENROUTER, model.id, model.first))
    for period in source.alias_periods:
        if (family := get_family(period.alias)) and period.target in source.models:
            claims[family].append(Claim(period.target, FAMILY, period.alias, period.since, period.until))
    for row in rows:
        if row.id in source.models:
            first = source.models[row.id].first
            claims[row.alias].append(Claim(row.id, REVIEWED, row.source_url, first))
    return claims


def get_family(alias: str) -> str | None:
    """Return the family that an alias of OpenRouter's has the latest of; None where it names none."""
    slug = alias.partition("/")[2].lower()
    return slug.removesuffix(LATEST) if alias.startswith("~") and slug.endswith(LATEST) else None


def _decide(name: str, claims: list[Claim], source: CatalogSource) -> Name:
    """Decide what a name stands for, and since when."""
    first, *later = (_assign(claims, source.models, start) for start in source.starts or (source.hour,))
    begin = min(claim.since for claim in claims)
    candidates = sort_newest_first({claim.model for claim in claims}, source.models)
    holder = first.holder
    if holder is None:
        strongest = min(claims, key=_rank)
        return Name(name, strongest.kind, strongest.source, (NamePeriod(begin, None, None),), candidates)
    since = max(first.since, begin)
    ends = [other.since for other in later if other.holder and other.holder.model != holder.model]
    end = min([*ends, *([first.ambiguous] if first.ambiguous else [])], default=None)
    periods = [NamePeriod(begin, since, None), NamePeriod(since, end, holder.model)]
    periods += [NamePeriod(max(end, since), None, None)] if end else []
    kept = tuple(period for period in periods if period.until is None or period.until > period.since)
    return Name(name, holder.kind, holder.source, kept, candidates if end else ())


@dataclass(frozen=True)
class _Assignment:
    """What a name stood for in an archive that began with some hour."""

    holder: Claim | None
    since: dt.datetime
    ambiguous: dt.datetime | None


def _assign(claims: list[Claim], models: Mapping[str, CatalogModel], start: dt.datetime) -> _Assignment:
    """Assign a name in an archive that begins with an hour: to the first claim, the strongest of an hour.

    A tie leaves it to the first stronger claim. Once it is assigned, a claim by another model makes it
    ambiguous unless that is weaker.
    """
    dated = [
        (hour, claim)
        for claim in claims
        if claim.kind != BASE and (hour := _find_start(claim, models[claim.model], start))
    ]
    holder, tied_rank = None, len(KINDS)
    since = start
    for hour, rows in groupby(sorted(dated, key=lambda row: (row[0], _rank(row[1]))), key=lambda row: row[0]):
        rivals = [claim for _, claim in rows]
        if holder is None:
            strongest = [claim for claim in rivals if _rank(claim) == _rank(rivals[0])]
            if _rank(rivals[0]) < tied_rank:
                tied_rank = _rank(rivals[0])
                since = hour
                holder = strongest[0] if len({claim.model for claim in strongest}) == 1 else None
            continue
        if any(claim.model != holder.model and _rank(claim) <= _rank(holder) for claim in rivals):
            return _Assignment(holder, since, hour)
        holder = min([holder, *(claim for claim in rivals if claim.model == holder.model)], key=_rank)
    return _Assignment(holder, since, None)


def _find_start(claim: Claim, model: CatalogModel, start: dt.datetime) -> dt.datetime | None:
    """Return the first hour of a claim in an archive that begins with `start`; None where it has none."""
    for first, last in model.stretches:
        begin = max(first, start, claim.since)
        ends = [end for end in (last, claim.until) if end]
        if all(begin <= end for end in ends):
            return begin
    return None


def _rank(claim: Claim) -> int:
    return KINDS.index(claim.kind)


def sort_newest_first(ids: Iterable[str], models: Mapping[str, CatalogModel]) -> tuple[str, ...]:
    """Sort models by OpenRouter's own date of creation, else by their first hour; the newest come first."""
    by_id = sorted(ids)
    return tuple(sorted(by_id, key=lambda key: models[key].model.created or models[key].first, reverse=True))


def _follow_alias(name: Name, source: CatalogSource) -> Name:
    """Return the name of an alias of OpenRouter's with the models that this pointed at."""
    if name.kind != OPENROUTER:
        return name
    given = name.periods[0]
    periods = [period for period in source.alias_periods if period.alias == given.id]
    if not periods or given.until:
        return name
    return replace(name, periods=_list_periods(periods))


def _list_periods(periods: Iterable[AliasPeriod]) -> tuple[NamePeriod, ...]:
    return tuple(NamePeriod(period.since, period.until, period.target) for period in periods)


def map_permaslugs(models: Mapping[str, CatalogModel]) -> dict[str, str]:
    """Return the model that each name in rankings means: of several the listed one, or the newest."""
    ids: dict[str, str] = {}
    for model in sorted(models.values(), key=lambda model: (model.is_listed, model.first), reverse=True):
        if not model.model.is_alias:
            ids.setdefault(model.model.permaslug, model.id)
    return ids
