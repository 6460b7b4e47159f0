"""Rows of an index in groups, each of which is decoded when it is first asked for."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

Group = TypeVar("Group")
Value = TypeVar("Value")

Rows = list[tuple[Any, ...]]


class RowGroups(Mapping[Group, Value], Generic[Group, Value]):
    """A mapping from the name of a group to what its rows say."""

    def __init__(self, rows: dict[Group, Rows], decode: Callable[[Rows], Value]) -> None:
        self.rows = rows
        self._decode = decode
        self._decoded: dict[Group, Value] = {}

    def __getitem__(self, group: Group) -> Value:
        """Return what the rows of a group say."""
        if group not in self._decoded:
            self._decoded[group] = self._decode(self.rows[group])
        return self._decoded[group]

    def __iter__(self) -> Iterator[Group]:
        """Yield the names of the groups."""
        return iter(self.rows)

    def __len__(self) -> int:
        """Return the number of groups."""
        return len(self.rows)
