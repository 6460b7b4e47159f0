"""Pictures of models: the card of link previews and the chart to embed."""

import io

import pytest
from PIL import Image

from orarchive.publish.cards import MARGIN, draw_card
from orarchive.publish.views.model_images import ModelCard, Segment
from orarchive.publish.views.site import CARD_HEIGHT, CARD_WIDTH

MAX_CARD_BYTES = 8_000

FIGURES = (("Input per M tokens", "$3.00"), ("Output per M tokens", "$15.00"), ("Context", "1M"))
STEPS = (Segment(0, 400, 500, False), Segment(400, 700, 1000, True), Segment(900, 1000, 100, False))


@pytest.mark.parametrize("name", ["Claude Sonnet 4.5", "W" * 300, "\u4f60\u597d \U0001f600\u202e\n", ""])
def test_a_card_is_small_and_leaves_its_margins_free(name: str) -> None:
    card = ModelCard(name, "Anthropic", "anthropic/claude-sonnet-4.5", FIGURES, STEPS)
    content = draw_card(card)
    assert content == draw_card(card)
    assert len(content) < MAX_CARD_BYTES
    image = Image.open(io.BytesIO(content)).convert("L").point(lambda grey: 255 * (grey < 200))
    assert image.size == (CARD_WIDTH, CARD_HEIGHT)
    left, top, right, bottom = image.getbbox() or (0, 0, 0, 0)
    assert left >= MARGIN - 2
    assert right <= CARD_WIDTH - MARGIN + 2
    assert top > 0
    assert bottom < CARD_HEIGHT


def test_a_card_without_a_change_has_no_line() -> None:
    still = ModelCard("Claude", "Anthropic", "anthropic/claude", FIGURES, ())
    image = Image.open(io.BytesIO(draw_card(still))).convert("RGB")
    assert (59, 95, 192) not in {color for _, color in image.getcolors() or []}
