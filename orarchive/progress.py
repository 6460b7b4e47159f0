"""Progress bars of long work."""

from collections.abc import Iterable
from typing import TypeVar

Item = TypeVar("Item")


def show_progress(
    items: Iterable[Item], shown: bool, description: str, unit: str, total: int | None = None
) -> Iterable[Item]:
    """Return items that draw a bar on standard error while they are consumed, if it is to be shown.

    Without the package that draws it, which only the extras have, there is no bar.
    """
    if not shown:
        return items
    try:
        from tqdm import tqdm
    except ImportError:
        return items
    bar: Iterable[Item] = tqdm(items, total=total, desc=description, unit=unit)
    return bar
