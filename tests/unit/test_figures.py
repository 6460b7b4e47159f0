"""Shares in percent and large numbers, as people read them."""

from decimal import Decimal

import pytest

from orarchive.domain.figures import format_share, format_short


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0, "0%"),
        (0.0, "0%"),
        (1e-12, "<0.1%"),
        (0.0004, "<0.1%"),
        (0.001, "0.1%"),
        (0.1234, "12.3%"),
        (Decimal("0.125"), "12.5%"),
        (Decimal("0.2"), "20%"),
        (1 / 3, "33.3%"),
        (0.9994, "99.9%"),
        (0.9999, ">99.9%"),
        (Decimal("0.9999999999"), ">99.9%"),
        (1, "100%"),
        (1.0, "100%"),
        (-0.1, "-10%"),
    ],
)
def test_a_share(share: Decimal | float, words: str) -> None:
    assert format_share(share) == words


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.9995, "99.95%"), (0.99999, ">99.99%"), (1, "100%"), (0.00001, "<0.01%"), (0.5, "50%")],
)
def test_a_share_with_two_decimals(share: float, words: str) -> None:
    assert format_share(share, decimals=2) == words


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "0"),
        (0.0, "0"),
        (2.5, "2.5"),
        (999, "999"),
        (999.7, "1K"),
        (1000, "1K"),
        (8192, "8.19K"),
        (131072, "131K"),
        (999_499, "999K"),
        (999_999, "1M"),
        (1_048_576, "1.05M"),
        (999_999_999, "1B"),
        (340_000_000_000, "340B"),
        (999_999_999_999, "1T"),
        (Decimal("1234567890123"), "1.23T"),
        (1_500_000_000_000_000, "1,500T"),
    ],
)
def test_a_large_number(amount: Decimal | float, words: str) -> None:
    assert format_short(amount) == words


@pytest.mark.parametrize(
    ("amount", "words"),
    [(999, "999"), (1000, "1.00K"), (10_000_000_000, "10.0B"), (340_000_000_000, "340B")],
)
def test_a_large_number_of_a_column(amount: int, words: str) -> None:
    assert format_short(amount, keeps_zeros=True) == words


@pytest.mark.parametrize(("share", "words"), [(0.03, "3.0%"), (0.1234, "12.3%"), (0.0004, "<0.1%")])
def test_a_share_of_a_column(share: float, words: str) -> None:
    assert format_share(share, keeps_zeros=True) == words
