"""The picture of a model for link previews, drawn as PNG: sites that show previews take no SVG.

The same card gives the same bytes with the same version of Pillow. A picture has four colours, which makes
it small and fast to write.
"""

import io
import zlib
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from orarchive.publish.views.model_images import ModelCard, Segment
from orarchive.publish.views.site import CARD_HEIGHT, CARD_WIDTH

INK, PAPER, ACCENT = (27, 30, 35), (254, 253, 251), (59, 95, 192)
MUTED = 105
"""Brightness of text that is not read first, of 255."""

GREYS = 3
"""Colours from ink to paper; the accent is the fourth and last that two bits can name."""

MARGIN = 48
NAME_SIZES = (50, 43, 36, 30)
"""Sizes of the name, of which the largest that fits is taken."""

PLOT_TOP, PLOT_BOTTOM, LINE_WIDTH = 346, 392, 3

MAX_LATIN = "\u024f"
DRAWABLE = frozenset("–—‘’“”…·")
"""Characters beyond MAX_LATIN that the font has; others are left out."""

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def draw_card(card: ModelCard) -> bytes:
    """Return the picture of a model, a PNG of CARD_WIDTH x CARD_HEIGHT."""
    image = Image.new("L", (CARD_WIDTH, CARD_HEIGHT), 255)
    draw = ImageDraw.Draw(image)
    _write(draw, MARGIN, 40, "OpenRouter archive", 19, MUTED)
    _write(draw, MARGIN, 92, card.lab, 24, MUTED)
    _write_name(draw, card.name)
    _write(draw, MARGIN, 192, card.id, 19, MUTED)
    step = (CARD_WIDTH - 2 * MARGIN) // len(card.figures)
    for number, (label, value) in enumerate(card.figures):
        _write(draw, MARGIN + step * number, 248, label, 18, MUTED)
        _write(draw, MARGIN + step * number, 272, value, 40, 0)
    return _encode(image, card.segments)


def _write(draw: ImageDraw.ImageDraw, x: int, y: int, text: str, size: int, brightness: int) -> None:
    draw.text((x, y), _fit(text, size), brightness, _load_font(size))


def _write_name(draw: ImageDraw.ImageDraw, name: str) -> None:
    room = CARD_WIDTH - 2 * MARGIN
    sizes = (size for size in NAME_SIZES if _load_font(size).getlength(_keep_drawable(name)) <= room)
    _write(draw, MARGIN, 125, name, next(sizes, NAME_SIZES[-1]), 0)


def _fit(text: str, size: int) -> str:
    """Return the drawable part of a text, cut to the width of the card."""
    text, room = _keep_drawable(text), CARD_WIDTH - 2 * MARGIN
    if _load_font(size).getlength(text) <= room:
        return text
    while text and _load_font(size).getlength(f"{text}…") > room:
        text = text[:-1]
    return f"{text}…"


def _keep_drawable(text: str) -> str:
    return "".join(
        letter for letter in text if letter.isprintable() and (letter <= MAX_LATIN or letter in DRAWABLE)
    ).strip()


@cache
def _load_font(size: int) -> Font:
    """Return the font that comes with Pillow, so that no machine draws another."""
    return ImageFont.load_default(size)


def _encode(greys: Image.Image, segments: tuple[Segment, ...]) -> bytes:
    """Return a picture in grey as PNG with a palette, and the line of the price in the accent."""
    indices = greys.point([round(value * (GREYS - 1) / 255) for value in range(256)])
    image = Image.frombytes("P", indices.size, indices.tobytes())
    ramp = [
        round(ink + (paper - ink) * level / (GREYS - 1))
        for level in range(GREYS)
        for ink, paper in zip(INK, PAPER, strict=True)
    ]
    image.putpalette([*ramp, *ACCENT])
    _draw_line(ImageDraw.Draw(image), segments)
    file = io.BytesIO()
    # Greys are few: run lengths alone are smaller here than what zlib does by itself, in half the time.
    image.save(file, "PNG", bits=2, compress_level=6, compress_type=zlib.Z_RLE)
    return file.getvalue()


def _draw_line(draw: ImageDraw.ImageDraw, segments: tuple[Segment, ...]) -> None:
    """Draw the steps of a price, with breaks at gaps."""
    width = CARD_WIDTH - 2 * MARGIN
    previous: tuple[int, int] | None = None
    for segment in segments:
        left, right = (MARGIN + width * end // 1000 for end in (segment.begin, segment.end))
        y = PLOT_BOTTOM - (PLOT_BOTTOM - PLOT_TOP) * segment.height // 1000
        step = [(left, y), (right, y)]
        if segment.is_joined and previous:
            step = [previous, (left, previous[1]), *step]
        draw.line(step, GREYS, LINE_WIDTH)
        previous = right, y
