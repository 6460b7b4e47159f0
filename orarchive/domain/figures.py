"""Figures for people: changes and shares in percent, and a large number in few letters.

A count in full is `f"{count:,}"`.
"""

from decimal import Decimal

UNITS = (("T", 10**12), ("B", 10**9), ("M", 10**6), ("K", 10**3))
"""Letters of large numbers, the largest first."""

SHORT_DIGITS = 3
"""Significant digits of a large number."""

WHOLE_FROM_PERCENT = 10
"""Percentage from which on a change is told without decimals."""

MAX_PERCENT_DECIMALS = 6
"""Decimals that a percentage has at most; nobody reads more."""

WHOLE_FROM_TIMES = 10
"""Ratio of prices from which on it is told without decimals."""


def format_percent_change(percent: Decimal | float, minus: str = "-") -> str:
    """Return a change in percent with its sign: `+1395%`, `+5.3%`, `-99.999%`.

    From ten percent on it is whole, below it has one decimal; more where it would otherwise say `0%`, or
    that all is gone. A change too small for six decimals is `+<0.000001%`, and a loss too close to all is
    `-99.999999%`. `minus` is the sign of a loss.
    """
    exact = Decimal(str(percent))
    sign = "+" if exact > 0 else minus if exact < 0 else ""
    smallest = Decimal(1).scaleb(-MAX_PERCENT_DECIMALS)
    roundings = (
        Decimal(f"{exact:.{decimals}f}")
        for decimals in range(int(abs(exact) < WHOLE_FROM_PERCENT), MAX_PERCENT_DECIMALS + 1)
    )
    rounded = next((number for number in roundings if number not in (0, -100) or number == exact), None)
    if rounded is None:
        return f"{sign}<{smallest:f}%" if abs(exact) < 1 else f"{sign}{100 - smallest:f}%"
    digits = f"{abs(rounded):f}"
    return f"{sign}{digits.rstrip('0').rstrip('.') if '.' in digits else digits}%"


def format_share(share: Decimal | float, decimals: int = 1, *, keeps_zeros: bool = False) -> str:
    """Return a share, 1 being all, in percent: `12.3%`, `20%`, `<0.1%`, `>99.9%`.

    Only nothing is `0%`, and only all is `100%`. With `keeps_zeros` all have the same number of decimals, for
    a column: `20.0%`.
    """
    percent = Decimal(str(share)) * 100
    rounded, step = Decimal(f"{percent:.{decimals}f}"), Decimal(1).scaleb(-decimals)
    if not rounded and percent > 0:
        return f"<{step:f}%"
    if rounded == 100 and percent < 100:
        return f">{100 - step:f}%"
    return f"{rounded if keeps_zeros else _strip_zeros(rounded)}%"


def describe_ratio(ratio: Decimal | None) -> str:
    """Compare a price with another: `33% cheaper`, `68% dearer`, `2.5 times the price`; "" of no ratio."""
    if ratio is None:
        return ""
    if ratio == 1:
        return "the same price"
    if ratio < 1:
        saved = format_share(1 - ratio, decimals=0)
        return "slightly cheaper" if saved == "<1%" else f"{saved} cheaper"
    if ratio < 2:
        added = format_share(ratio - 1, decimals=0)
        return "slightly dearer" if added == "<1%" else f"{added} dearer"
    times = f"{ratio:,.0f}" if ratio >= WHOLE_FROM_TIMES else f"{float(ratio):.2g}"
    return f"{times} times the price"


def format_short(amount: Decimal | float, *, keeps_zeros: bool = False) -> str:
    """Return a large number in few letters, with three digits: `1.23T`, `340B`, `1M`, `32.8K`, `1,500T`.

    With `keeps_zeros` it has as many decimals as others of its size, for a column: `1.00M`.
    """
    rounded = Decimal(f"{amount:.{SHORT_DIGITS - 1}e}")
    unit, size = next(((unit, size) for unit, size in UNITS if rounded >= size), ("", 1))
    if not keeps_zeros:
        return f"{_strip_zeros(rounded / size)}{unit}"
    decimals = max(SHORT_DIGITS - 1 - (rounded / size).adjusted(), 0) if unit else 0
    return f"{rounded / size:,.{decimals}f}{unit}"


def _strip_zeros(number: Decimal) -> str:
    """Return plain digits with commas, without zeros at the end of the decimals."""
    digits = f"{number:,f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
