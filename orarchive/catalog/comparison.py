"""Comparing models with one that is to be replaced: what they lack, what they cost, which comes first."""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from orarchive.catalog.flags import CONFIGURABLE_REASONING, FIXED_REASONING, NO_REASONING, Flag
from orarchive.catalog.model_info import ModelInfo
from orarchive.domain.records import split_variant

NO_ABILITIES = ("moderated",)
"""Flags that say what happens to a request, not what the model can do."""

EDITIONS = ("fast", "high", "preview", "exp", "beta")
"""Words after a model's id that name an edition of it which runs dearer, or is not final."""

CHEAPER, SAME, DEARER, UNKNOWN = "cheaper", "same", "dearer", "unknown"
"""What a model costs beside another."""


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


def is_other_edition(info: ModelInfo, relative: ModelInfo, relatives: Iterable[ModelInfo]) -> bool:
    """Return whether a relative is a special edition of another, and not of the kind that a model itself is.

    What replaces `claude-3-opus` is `claude-opus-4.8`, not `claude-opus-4.8-fast` at twice its price.
    """
    words = [word for word in EDITIONS if word not in split_variant(info.id)[0].split("-")]
    return any(f"{relative.id}-".startswith(f"{other.id}-{word}-") for other in relatives for word in words)


def rank_relative(info: ModelInfo, target: ModelInfo) -> tuple[bool, int, Decimal, float, str]:
    """Order relatives: the same variant first; then the newest that is not dearer; then the least dear."""
    rank = {CHEAPER: 0, SAME: 0, UNKNOWN: 1, DEARER: 2}[compare_prices(info, target)]
    price = target.price_class.blended if rank == 2 else None
    age = -(target.created or target.first_seen).timestamp()
    return target.variant != info.variant, rank, price or Decimal(0), age, target.id
