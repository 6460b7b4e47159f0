"""Names of the latest model of a family: `claude-opus@latest`.

OpenRouter's alias says which that is. Without one it is known only where a single member can be chosen: no
versions are compared.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from orarchive.catalog.model_info import ModelInfo
from orarchive.catalog.names import NEWEST, Name, NamePeriod, Names, get_family
from orarchive.catalog.source import AliasPeriod, CatalogModel, CatalogSource

SUFFIX = "@latest"

ONLY_MEMBER = "only member that can be chosen"


def add_latest_names(names: Names, source: CatalogSource, infos: Mapping[str, ModelInfo]) -> Names:
    """Return the names with those of the latest of each family that has a member which can be chosen."""
    periods: dict[str, list[AliasPeriod]] = defaultdict(list)
    for period in source.alias_periods:
        if family := get_family(period.alias):
            periods[family].append(period)
    latest = {}
    for family, members in names.families.items():
        models = [source.models[member] for member in members]
        name = _name_by_alias(family, periods[family], infos) or _name_by_rule(family, models, infos)
        if name:
            latest[name.name] = name
    return replace(names, by_name=dict(sorted({**names.by_name, **latest}.items())))


def _can_be_chosen(info: ModelInfo) -> bool:
    """Return whether a model is listed, priced, and not announced to go."""
    return info.is_choice and info.expires is None and bool(info.prices)


def _name_by_alias(family: str, periods: list[AliasPeriod], infos: Mapping[str, ModelInfo]) -> Name | None:
    """Return the name by OpenRouter's alias; None where there is not one that points at a priced model."""
    current = [period for period in periods if period.until is None]
    target = infos.get(current[0].target) if len(current) == 1 else None
    if target is None or not (target.is_choice and target.prices):
        return None
    moves = tuple(
        NamePeriod(period.since, period.until, period.target)
        for period in periods
        if period.alias == current[0].alias
    )
    return Name(family + SUFFIX, NEWEST, current[0].alias, moves, ())


def _name_by_rule(
    family: str, members: Iterable[CatalogModel], infos: Mapping[str, ModelInfo]
) -> Name | None:
    """Return the name by the rule of the only member; with candidates where several can be chosen."""
    living = [member for member in members if _can_be_chosen(infos[member.id])]
    if not living:
        return None
    starts = sorted(member.stretches[-1][0] for member in living)
    if len(living) > 1:
        period = NamePeriod(starts[1], None, None)
        candidates = tuple(member.id for member in living)
        return Name(family + SUFFIX, NEWEST, "no alias of OpenRouter's", (period,), candidates)
    ends = [hour for member in members if member not in living and (hour := member.last or member.announced)]
    period = NamePeriod(max([*starts, *ends]), None, living[0].id)
    return Name(family + SUFFIX, NEWEST, ONLY_MEMBER, (period,), ())
