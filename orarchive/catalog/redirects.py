"""Replacements: which living model stands in for one that is gone or about to go, and who says so.

A kind of evidence counts only where those before it lead to no living model. A replacement that is gone is
followed to its own, and the kind is then the weakest on the way; none is ever a router, whose price nobody
knows, or an alias. `same_family` is a rule of this catalogue, and advice only. Each replacement says whether
it is dearer and what it cannot do.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from orarchive.catalog.announcements import find_announcement
from orarchive.catalog.candidates import ROUTER_TOKENIZER, list_candidates
from orarchive.catalog.comparison import (
    compare_prices,
    compute_price_ratio,
    is_other_edition,
    list_lost,
    rank_relative,
)
from orarchive.catalog.data_files import RedirectRow, load_rows
from orarchive.catalog.model_info import ModelInfo
from orarchive.catalog.names import map_permaslugs
from orarchive.catalog.source import AliasPeriod, CatalogSource
from orarchive.domain.records import split_variant
from orarchive.timestamps import format_stamp

REDIRECTS_FILE = "redirects.toml"

OPENROUTER, PERMANENT_NAME, ALIAS_TARGET = "openrouter", "permanent_name", "alias_target"
VARIANT_BASE, ANNOUNCED, REVIEWED, SAME_FAMILY = "variant_base", "announced", "override", "same_family"
KINDS = (OPENROUTER, PERMANENT_NAME, ALIAS_TARGET, VARIANT_BASE, ANNOUNCED, REVIEWED, SAME_FAMILY)
"""Kinds of evidence, the strongest first."""

RENAMED = "renamed:"

ACTIVE, OUTRANKED, UNUSED, DEAD = "active", "outranked", "unused", "dead"
"""What became of a reviewed row; see `RedirectAudit`."""

MAX_NEWEST = 3
"""Newest models of a lab that are named where none of the family is listed."""


@dataclass(frozen=True)
class Redirect:
    """What replaces a model."""

    source: str
    target: str
    """A model that is listed, and neither an alias nor a router."""
    kind: str
    evidence: str
    via: tuple[str, ...]
    """The models between, themselves gone or about to go, in order."""
    price_ratio: Fraction | None
    """Blended price of the target by that of the source; None where one is unknown or the source was free."""
    price: str
    """`cheaper`, `same`, `dearer` or `unknown`, by the blended prices."""
    lost: tuple[str, ...]
    """Flags that the source had and the target is not known to have; also `context`, `output:MODALITY`, and
    `reasoning:configurable` where the target reasons, and a request cannot set how much."""
    last_verified: dt.datetime
    """The hour in which the target was listed."""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values; the ratio as a decimal text."""
        ratio = self.price_ratio
        return {
            "from": self.source,
            "to": self.target,
            "kind": self.kind,
            "evidence": self.evidence,
            "via": list(self.via),
            "price_ratio": f"{Decimal(ratio.numerator) / ratio.denominator:f}" if ratio is not None else None,
            "price": self.price,
            "lost": list(self.lost),
            "last_verified": format_stamp(self.last_verified),
        }


@dataclass(frozen=True)
class Unreplaced:
    """A model that is gone or about to go and that nothing replaces."""

    source: str
    reason: str
    nearest: str | None = None
    """The id of the listed model of its family that lacks least; None where there is none."""
    lost: tuple[str, ...] = ()
    """What that is not known to have; see `Redirect.lost`."""
    newest: tuple[str, ...] = ()
    """Where none of its family comes into question: ids of the newest listed models of its lab, those in its
    price class first."""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "id": self.source,
            "reason": self.reason,
            "nearest": self.nearest,
            "lost": list(self.lost),
            "newest": list(self.newest),
        }


@dataclass(frozen=True)
class RedirectAudit:
    """What became of a reviewed row."""

    row: RedirectRow
    status: str
    """`active`; `outranked`: stronger evidence names a replacement; `unused`: its source is listed without a
    date, or was never seen; `dead`: it leads to no model that is listed."""


@dataclass(frozen=True)
class _Hint:
    """A model that some evidence names as the replacement of another."""

    target: str
    kind: str
    evidence: str


@dataclass(frozen=True)
class Redirects:
    """The replacements of an hour."""

    by_source: Mapping[str, Redirect]
    unreplaced: Mapping[str, Unreplaced]
    audits: tuple[RedirectAudit, ...]


def build_redirects(
    source: CatalogSource, infos: Mapping[str, ModelInfo], rows: Iterable[RedirectRow] | None = None
) -> Redirects:
    """Return what replaces each model that is gone or has an expiration date."""
    reviewed = load_rows(REDIRECTS_FILE, "redirect", RedirectRow) if rows is None else tuple(rows)
    finder = _Finder(source, infos, {row.source: row for row in reviewed})
    by_source, unreplaced = {}, {}
    for info in infos.values():
        if info.is_listed and info.expires is None:
            continue
        redirect = finder.find(info)
        if redirect:
            by_source[info.id] = redirect
        else:
            unreplaced[info.id] = finder.explain(info)
    audits = tuple(RedirectAudit(row, finder.audit(row, by_source.get(row.source))) for row in reviewed)
    return Redirects(by_source, unreplaced, audits)


@dataclass(frozen=True)
class _Finder:
    """Finds the replacement of one model after the other."""

    source: CatalogSource
    infos: Mapping[str, ModelInfo]
    rows: Mapping[str, RedirectRow]

    @cached_property
    def periods(self) -> dict[str, list[AliasPeriod]]:
        """Return the periods of each alias, and of each model those in which one pointed at it."""
        periods: dict[str, list[AliasPeriod]] = defaultdict(list)
        for period in self.source.alias_periods:
            periods[period.alias].append(period)
            periods[period.target].append(period)
        return periods

    @cached_property
    def permaslugs(self) -> dict[str, str]:
        """Return the id of each permanent name."""
        return map_permaslugs(self.source.models)

    @cached_property
    def choices_by_lab(self) -> dict[str, list[ModelInfo]]:
        """Return the models that can be chosen, by lab."""
        choices: dict[str, list[ModelInfo]] = defaultdict(list)
        for info in self.infos.values():
            if info.is_choice:
                choices[info.lab].append(info)
        return choices

    @cached_property
    def choices_by_family(self) -> dict[tuple[str, str | None], list[ModelInfo]]:
        """Return the models that can be chosen, are served and have no expiration date, by lab and family."""
        choices: dict[tuple[str, str | None], list[ModelInfo]] = defaultdict(list)
        for candidate in list_candidates(self.source, self.infos):
            if candidate.info.expires is None:
                choices[candidate.info.lab, candidate.info.family.name].append(candidate.info)
        return choices

    def find(self, info: ModelInfo) -> Redirect | None:
        """Return the replacement of a model by the strongest evidence; None where nothing fits."""
        if hints := self._follow(info, frozenset()):
            weakest = max(hints, key=lambda hint: KINDS.index(hint.kind))
            evidence = "; ".join(hint.evidence for hint in hints)
            via = tuple(hint.target for hint in hints[:-1])
            return self._build(info, self.infos[hints[-1].target], weakest.kind, evidence, via)
        relatives = [relative for relative in self._list_relatives(info) if not list_lost(info, relative)]
        fitting = [relative for relative in relatives if not is_other_edition(info, relative, relatives)]
        if not fitting or info.is_alias or info.is_router:
            return None
        best = min(fitting, key=lambda relative: rank_relative(info, relative))
        models = f"one of {len(fitting)} listed models" if len(fitting) > 1 else "the only listed model"
        evidence = f"{models} of its family, {info.family.name}, that can do as much"
        return self._build(info, best, SAME_FAMILY, evidence, ())

    def explain(self, info: ModelInfo) -> Unreplaced:
        """Say why nothing replaces a model, and what comes nearest."""
        if info.is_alias:
            reason = "it is an alias, and what it pointed at is not on record or has no replacement"
            return Unreplaced(info.id, reason)
        if info.is_router:
            return Unreplaced(info.id, "it is a router: it had no abilities and no price of its own")
        if relatives := self._list_relatives(info):
            ranked = sorted(relatives, key=lambda relative: rank_relative(info, relative))
            nearest = min(ranked, key=lambda relative: len(list_lost(info, relative)))
            reason = f"no listed model of its family, {info.family.name}, is known to do as much"
            return Unreplaced(info.id, reason, nearest.id, list_lost(info, nearest))
        others = [other for other in self.choices_by_lab[info.lab] if other.id != info.id]
        if not others:
            return Unreplaced(info.id, f"no other model of its lab, {info.lab}, is listed")
        reason = f"no other model of its family, {info.family.name}, is listed"
        if any(other.family.name == info.family.name for other in others):
            family = f"the other listed models of its family, {info.family.name}"
            reason = f"{family}, are about to go themselves, or are variants, or are not served"
        return Unreplaced(info.id, reason, newest=_list_newest(info, others))

    def audit(self, row: RedirectRow, redirect: Redirect | None) -> str:
        """Say what became of a reviewed row."""
        info = self.infos.get(row.source)
        if info is None or (info.is_listed and info.expires is None):
            return UNUSED
        if redirect and redirect.kind == REVIEWED:
            return ACTIVE
        return OUTRANKED if redirect and redirect.kind != SAME_FAMILY else DEAD

    def _follow(self, info: ModelInfo, passed: frozenset[str]) -> list[_Hint]:
        """Follow the evidence to a living model; [] where it ends at none, in a circle or at a router."""
        passed |= {info.id}
        for hint in self._list_hints(info):
            target = self.infos.get(hint.target)
            if target is None or target.id in passed:
                continue
            is_leading_on = target.is_alias or not target.is_listed or target.expires is not None
            following = self._follow(target, passed) if is_leading_on else []
            if following or self._is_alive(target):
                return [hint, *following]
        return []

    def _is_alive(self, info: ModelInfo) -> bool:
        """Return whether a model can be a target: listed, and neither an alias nor a router."""
        return info.is_choice and self.source.models[info.id].model.tokenizer != ROUTER_TOKENIZER

    def _list_hints(self, info: ModelInfo) -> Iterator[_Hint]:
        """Yield what the evidence names as a replacement, the strongest first; it may itself be gone."""
        model = self.source.models[info.id]
        if model.answer.startswith(RENAMED):
            target = model.answer.removeprefix(RENAMED)
            yield _Hint(target, OPENROUTER, f"OpenRouter answers to {info.id} with {target}")
        for slug in dict.fromkeys((info.id, model.model.permaslug)):
            target = self.permaslugs.get(slug, info.id)
            yield _Hint(target, PERMANENT_NAME, f"{slug} is OpenRouter's permanent name of {target}")
        yield from self._list_alias_hints(info)
        base, variant = split_variant(info.id)
        if variant:
            yield _Hint(base, VARIANT_BASE, f"{base} is {info.id} without the variant")
        if announcement := find_announcement(model, self.infos):
            yield _Hint(announcement.target, ANNOUNCED, f"its description: {announcement.phrase}")
        if row := self.rows.get(info.id):
            yield _Hint(row.target, REVIEWED, f"{REDIRECTS_FILE}: {row.reason} ({row.source_url})")

    def _list_alias_hints(self, info: ModelInfo) -> Iterator[_Hint]:
        """Yield the last target of an alias, or what an alias that pointed at the model points at now."""
        periods = self.periods.get(info.id, [])
        if targets := [period.target for period in periods if period.alias == info.id]:
            yield _Hint(targets[-1], ALIAS_TARGET, f"{info.id} points at {targets[-1]}")
        for alias in dict.fromkeys(period.alias for period in reversed(periods) if period.target == info.id):
            current = self.periods[alias][-1]
            if current.until is None:
                evidence = f"{alias} pointed at {info.id} and now points at {current.target}"
                yield _Hint(current.target, ALIAS_TARGET, evidence)

    def _list_relatives(self, info: ModelInfo) -> list[ModelInfo]:
        """List the models of a model's family that can be chosen and are not about to go themselves."""
        relatives = self.choices_by_family.get((info.lab, info.family.name), [])
        return [relative for relative in relatives if relative.variant in ("", info.variant)]

    def _build(
        self, info: ModelInfo, target: ModelInfo, kind: str, evidence: str, via: tuple[str, ...]
    ) -> Redirect:
        return Redirect(
            source=info.id,
            target=target.id,
            kind=kind,
            evidence=evidence,
            via=via,
            price_ratio=compute_price_ratio(info, target),
            price=compare_prices(info, target),
            lost=list_lost(info, target),
            last_verified=self.source.hour,
        )


def _list_newest(gone: ModelInfo, infos: Iterable[ModelInfo]) -> tuple[str, ...]:
    """List the newest of some models, those in the price class of the one that is gone first.

    Variants and models that are about to go are left out.
    """
    plain = [info for info in infos if not info.variant and info.expires is None]
    plain.sort(key=lambda info: (info.created or info.first_seen, info.id), reverse=True)
    tier = gone.price_class.blended_tier
    plain.sort(key=lambda info: info.price_class.blended_tier != tier)
    return tuple(info.id for info in plain[:MAX_NEWEST])
