"""Overrides of flags and sizes by reviewed statements, and their audit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orarchive.catalog.data_files import Override, load_rows
from orarchive.catalog.flags import OVERRIDE, Flag

OVERRIDES_FILE = "capabilities.toml"

ACTIVE, REDUNDANT, DRIFTED, UNUSED = "active", "redundant", "drifted", "unused"


@dataclass(frozen=True)
class OverrideAudit:
    """How a reviewed statement compares with what the API and the rules say now."""

    override: Override
    status: str
    """`active`; `redundant`: the same is said without it; `drifted`: what it corrected is no longer said;
    `unused`: no such model was ever listed."""
    now: bool | int | str | None
    """What the API or the rules say."""


def load_overrides() -> tuple[Override, ...]:
    """Read the reviewed statements."""
    return load_rows(OVERRIDES_FILE, "override", Override)


def apply_overrides(model: str, flags: Mapping[str, Flag], overrides: Iterable[Override]) -> dict[str, Flag]:
    """Return the flags of a model with those of its overrides in place of what they correct."""
    evidence = f"overrides/{OVERRIDES_FILE}"
    corrected = {
        override.field: Flag(
            value=override.value,
            source=OVERRIDE,
            evidence=evidence,
            endpoints=flags[override.field].endpoints,
            modes=flags[override.field].modes,
        )
        for override in overrides
        if override.id == model and override.field in flags and isinstance(override.value, bool | str)
    }
    return {**flags, **corrected}


def audit_override(override: Override, now: bool | int | str | None, is_known: bool) -> OverrideAudit:
    """Compare a reviewed statement with what is said without it."""
    if not is_known:
        return OverrideAudit(override, UNUSED, None)
    if now == override.value:
        return OverrideAudit(override, REDUNDANT, now)
    return OverrideAudit(override, ACTIVE if now == override.was else DRIFTED, now)
