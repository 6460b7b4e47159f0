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
from orarchive.catalog.data_files import RedirectRow, load_rows
from orarchive.catalog.flag_labels import label_losses
from orarchive.catalog.flags import CONFIGURABLE_REASONING, FIXED_REASONING, NO_REASONING, Flag
from orarchive.catalog.model_info import ModelInfo
from orarchive.catalog.source import AliasPeriod, CatalogSource
from orarchive.domain.records import split_variant
from orarchive.timestamps import format_stamp

REDIRECTS_FILE = "redirects.toml"

OPENROUTER, ALIAS_TARGET, VARIANT_BASE = "openrouter", "alias_target", "variant_base"
ANNOUNCED, REVIEWED, SAME_FAMILY = "announced", "override", "same_family"
KINDS = (OPENROUTER, ALIAS_TARGET, VARIANT_BASE, ANNOUNCED, REVIEWED, SAME_FAMILY)
"""Kinds of evidence, the strongest first."""

RENAMED = "renamed:"

NO_ABILITIES = ("moderated",)
"""Flags that say what happens to a request, not what the model can do."""

EDITIONS = ("fast", "high", "preview", "exp", "beta")
"""Words after a model's id that name an edition of it which runs dearer, or is not final."""

CHEAPER, SAME, DEARER, UNKNOWN = "cheaper", "same", "dearer", "unknown"


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
            unreplaced[info.id] = Unreplaced(info.id, finder.explain(info))
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
        fitting = [relative for relative in relatives if not _is_other_edition(info, relative, relatives)]
        if not fitting or info.is_alias or info.is_router:
            return None
        best = min(fitting, key=lambda relative: _sort_key(info, relative))
        models = f"first of {len(fitting)} listed models" if len(fitting) > 1 else "the only listed model"
        evidence = f"{models} of its family, {info.family.name}, that can do as much"
        return self._build(info, best, SAME_FAMILY, evidence, ())

    def explain(self, info: ModelInfo) -> str:
        """Say why nothing replaces a model."""
        if info.is_alias:
            return "it is an alias, and what it pointed at is not on record or has no replacement"
        if info.is_router:
            return "it is a router: it had no abilities and no price of its own"
        relatives = self._list_relatives(info)
        if not relatives:
            return f"no other model of its family, {info.family.name}, is listed"
        nearest = min(relatives, key=lambda other: (len(list_lost(info, other)), _sort_key(info, other)))
        lost = ", ".join(label_losses(list_lost(info, nearest)))
        lack = f"closest: {nearest.name} (not known to have: {lost})"
        return f"no listed model of its family can do as much; {lack}"

    def audit(self, row: RedirectRow, redirect: Redirect | None) -> str:
        """Say what became of a reviewed row."""
        info = self.infos.get(row.source)
        if info is None or (info.is_listed and info.expires is None):
            return "unused"
        if redirect and redirect.kind == REVIEWED:
            return "active"
        return "outranked" if redirect and redirect.kind != SAME_FAMILY else "dead"

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


def list_lost(info: ModelInfo, target: ModelInfo) -> tuple[str, ...]:
    """List what a model can do and another cannot, or is not known to; see `Redirect.lost`."""
    lost = [lack for name, flag in info.flags.items() if (lack := _find_lack(name, flag, target.flags[name]))]
    lost += [f"output:{modality}" for modality in info.outputs if modality not in target.outputs]
    return (*lost, "context") if (info.context or 0) > (target.context or 0) else tuple(lost)


def _find_lack(name: str, flag: Flag, target: Flag) -> str:
    """Return the name of a flag that a model has and another lacks; "" where it does not lack it."""
    if name in NO_ABILITIES or flag.value in (None, False, NO_REASONING, target.value):
        return ""
    if target.value == FIXED_REASONING:
        return f"{name}:{CONFIGURABLE_REASONING}"
    return "" if target.value == CONFIGURABLE_REASONING else name


def compute_price_ratio(info: ModelInfo, target: ModelInfo) -> Fraction | None:
    """Divide the blended price of a target by that of a model; None where one is unknown or the model's 0."""
    old, new = info.price_class.blended, target.price_class.blended
    return Fraction(new) / Fraction(old) if old and new is not None else None


def compare_prices(info: ModelInfo, target: ModelInfo) -> str:
    """Say whether a target costs more than a model, by their blended prices."""
    old, new = info.price_class.blended, target.price_class.blended
    if old is None or new is None:
        return UNKNOWN
    if new == old:
        return SAME
    return DEARER if new > old else CHEAPER


def _is_other_edition(info: ModelInfo, relative: ModelInfo, relatives: Iterable[ModelInfo]) -> bool:
    """Return whether a relative is a special edition of another, and not of the kind that a model itself is.

    What replaces `claude-3-opus` is `claude-opus-4.8`, not `claude-opus-4.8-fast` at twice its price.
    """
    words = [word for word in EDITIONS if word not in split_variant(info.id)[0].split("-")]
    return any(f"{relative.id}-".startswith(f"{other.id}-{word}-") for other in relatives for word in words)


def _sort_key(info: ModelInfo, target: ModelInfo) -> tuple[bool, int, Decimal, float, str]:
    """Order relatives: the same variant first; then the newest that is not dearer; then the least dear."""
    rank = {CHEAPER: 0, SAME: 0, UNKNOWN: 1, DEARER: 2}[compare_prices(info, target)]
    price = target.price_class.blended if rank == 2 else None
    age = -(target.created or target.first_seen).timestamp()
    return target.variant != info.variant, rank, price or Decimal(0), age, target.id
