"""Random facts of all kinds, and how well the surfaces that state them agree."""

import random
from collections import Counter
from collections.abc import Callable

from tests.support import event_facts, price_facts, record_facts
from tests.support.surfaces import Fact, Surfaces

MIN_SURFACES = 3
"""Surfaces that state a fact of a kind, on average: what a single one states is no agreement."""

MAX_TRIES = 10
"""Draws for a fact that was not drawn yet; then the kind is passed over."""

Draw = Callable[[Surfaces, random.Random], Fact | None]

DRAWS: tuple[Draw, ...] = (
    price_facts.draw_model_price,
    price_facts.draw_endpoint_price,
    price_facts.draw_price_at,
    price_facts.draw_conditional_price,
    record_facts.draw_state,
    record_facts.draw_words,
    record_facts.draw_flags,
    record_facts.draw_model_span,
    record_facts.draw_model_hours,
    record_facts.draw_grave,
    record_facts.draw_endpoint_span,
    record_facts.draw_endpoint_state,
    record_facts.draw_endpoint_count,
    record_facts.draw_provider,
    record_facts.draw_provider_span,
    record_facts.draw_lab,
    record_facts.draw_total,
    event_facts.draw_month,
    event_facts.draw_model_events,
    event_facts.draw_entry,
    event_facts.draw_coverage,
)


def draw_facts(surfaces: Surfaces, count: int, seed: int) -> list[Fact]:
    """Draw different facts of all kinds in turn; a kind of which no other fact is drawn is passed over."""
    chance = random.Random(seed)
    facts: dict[tuple[str, str], Fact] = {}
    draws = [*DRAWS]
    while len(facts) < count and draws:
        draws = [draw for draw in draws if _add_fact(facts, draw, surfaces, chance)]
    return list(facts.values())[:count]


def _add_fact(
    facts: dict[tuple[str, str], Fact], draw: Draw, surfaces: Surfaces, chance: random.Random
) -> bool:
    """Draw a fact that was not drawn yet; return whether there was one."""
    for _ in range(MAX_TRIES):
        fact = draw(surfaces, chance)
        if fact and (fact.kind, fact.subject) not in facts:
            facts[fact.kind, fact.subject] = fact
            return True
    return False


def check_facts(facts: list[Fact]) -> None:
    """Assert that all surfaces agree on each fact, and that several state the facts of each kind."""
    kinds = Counter(fact.kind for fact in facts)
    answers: Counter[str] = Counter()
    for fact in facts:
        answers[fact.kind] += len(fact.answers)
    counts = "\n".join(
        f"{kind}: {count} facts, {answers[kind] / count:.1f} surfaces" for kind, count in kinds.items()
    )
    disputed = [f"{fact.kind}, {fact.subject}: {fact.answers}" for fact in facts if not fact.is_agreed]
    assert not disputed, "\n".join([f"{len(disputed)} of {len(facts)} facts", *disputed, counts])
    assert all(answers[kind] >= MIN_SURFACES * count for kind, count in kinds.items()), counts
    assert len(kinds) >= len(DRAWS), counts
