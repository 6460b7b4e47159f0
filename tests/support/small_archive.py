"""A small archive of eight weeks in which everything happens to a few models, without a service."""

import random
from dataclasses import dataclass
from pathlib import Path

from orarchive.jsonl import Record
from tests.support.random_histories import archive_steps, write_history
from tests.support.random_steps import (
    FIELD_EDITS,
    HEALTH_EDITS,
    LISTING_EDITS,
    NEW_FIELD_EDITS,
    PRICE_EDITS,
    Edit,
    Step,
)
from tests.support.small_service import CATALOGUE, LONG, NIGHT, SmallService, Target

RANDOM_STEPS = 40

SCHEDULED: Record = {"prompt": "0.1", "completion": "0.2", "overrides": [NIGHT, LONG]}
TIERED: Record = {"prompt": "0.3", "completion": "0.000002", "overrides": [LONG]}
FREE: Record = {"prompt": "0", "completion": "0"}
DYNAMIC: Record = {"prompt": "-1", "completion": "-1"}
LEAVING: tuple[Target, ...] = (("models", "b/x:free"), ("models", "o/old"))


@dataclass(frozen=True)
class ListAll(Edit):
    """A change at the service: everything is listed but the targets."""

    def apply(self, service: SmallService) -> None:
        """Change the lists of a service."""
        service.listed = {*CATALOGUE} - {*self.targets}


def write_small_archive(folder: Path, seed: int) -> None:
    """Write random hours, and then some that leave a model of every sort.

    There are prices by time of day, tiers by the length of the prompt, free, dynamic and unpriced models, two
    endpoints with one tag, a model that returned, one that is removed, and one whose endpoints were not read.
    In the last hour the models could not be read.
    """
    write_history(folder, archive_steps([*_draw_steps(random.Random(seed)), *_list_last_steps()]))


def _draw_steps(chance: random.Random) -> list[Step]:
    groups = (LISTING_EDITS, PRICE_EDITS, PRICE_EDITS, FIELD_EDITS, HEALTH_EDITS, NEW_FIELD_EDITS)
    return [
        Step(
            later=chance.choice([1, 1, 2, 5, 24, 30]),
            edits=[chance.choice(chance.choice(groups)) for _ in range(chance.randint(0, 5))],
            missed=frozenset(chance.sample(["a/plain", "a/night", "o/old"], chance.choice([0, 0, 0, 1, 2]))),
            bad=chance.choice([{}, {}, {}, {"endpoints": "failed"}, {"models": "quarantined"}]),
            age=chance.choice([None, 30]),
            late=chance.choice([0, 0, 0, 3]),
        )
        for _ in range(RANDOM_STEPS)
    ]


def _list_last_steps() -> list[Step]:
    """Return the hours at the end: all is listed, two models leave, and one of them returns."""
    twins = [("endpoints", "a/plain", number) for number in range(2)]
    prices = [
        *_price([("models", "a/night"), ("endpoints", "a/night", 0)], SCHEDULED),
        *_price([("models", "a/plain"), twins[0]], TIERED),
        *_price([("models", "b/x:free"), ("endpoints", "b/x:free", 0)], FREE),
        *_price([("models", "r/auto")], DYNAMIC),
        *_price([("models", "i/draw")], {}),
    ]
    return [
        Step(1, [ListAll(()), *prices]),
        Step(24, quiet=(3, 24)),
        Step(1, [ListAll(LEAVING)]),
        Step(24, quiet=(33, 24)),
        Step(24, [ListAll(LEAVING[1:])]),
        Step(1, missed=frozenset(["a/plain"]), bad={"models": "quarantined"}),
    ]


def _price(targets: list[Target], pricing: Record) -> list[Edit]:
    return [Edit((target,), "pricing", pricing) for target in targets]
