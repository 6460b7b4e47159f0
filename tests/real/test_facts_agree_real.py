"""All surfaces agree on random facts of 20 months of recorded models and two days with endpoints."""

from pathlib import Path

import pytest

from tests.support.facts import check_facts, draw_facts
from tests.support.surfaces import Surfaces

pytestmark = pytest.mark.real_data


def test_all_surfaces_agree(out: Path) -> None:
    """Pages, JSON, CSV, Atom, SQL and the command state the same prices, states, hours and counts."""
    facts = draw_facts(Surfaces(out.parent / "archive", out), 250, seed=820)
    assert len(facts) == 250
    check_facts(facts)
