"""Figures for people: a share of a whole in percent, and a large number in few letters.

A change in percent is written by `prices.format_percent_change`; a count in full is `f"{count:,}"`.
"""

from decimal import Decimal

UNITS = (("T", 10**12), ("B", 10**9), ("M", 10**6), ("K", 10**3))
"""Letters of large numbers, the largest first."""

SHORT_DIGITS = 3
"""Significant digits of a large number."""


def format_share(share: Decimal | float, decimals: int = 1) -> str:
    """Return a share, 1 being all, in percent: `12.3 %`, `20 %`, `<0.1 %`, `>99.9 %`.

    Only nothing is `0 %`, and only all is `100 %`.
    """
    percent = Decimal(str(share)) * 100
    rounded, step = Decimal(f"{percent:.{decimals}f}"), Decimal(1).scaleb(-decimals)
    if not rounded and percent > 0:
        return f"<{step:f} %"
    if rounded == 100 and percent < 100:
        return f">{100 - step:f} %"
    return f"{_strip_zeros(rounded)} %"


def format_short(amount: Decimal | float) -> str:
    """Return a large number in few letters, with three digits: `1.23T`, `340B`, `1M`, `32.8K`, `1,500T`."""
    rounded = Decimal(f"{amount:.{SHORT_DIGITS - 1}e}")
    unit, size = next(((unit, size) for unit, size in UNITS if rounded >= size), ("", 1))
    return f"{_strip_zeros(rounded / size)}{unit}"


def _strip_zeros(number: Decimal) -> str:
    """Return plain digits with commas, without zeros at the end of the decimals."""
    digits = f"{number:,f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
