"""Files of a site that are kept on disk while it is made: those of a year do not fit into its memory."""

from collections.abc import Iterator, MutableMapping
from pathlib import Path


class SpilledFiles(MutableMapping[str, bytes]):
    """A mapping from paths to contents, which are written to a folder and read when they are asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.places: dict[str, Path] = {}
        """Path -> the file that holds its content."""

    def __setitem__(self, path: str, content: bytes) -> None:
        """Keep the content of a path."""
        place = self.places.setdefault(path, self.folder / str(len(self.places)))
        place.write_bytes(content)

    def __getitem__(self, path: str) -> bytes:
        """Return the content of a path."""
        return self.places[path].read_bytes()

    def __delitem__(self, path: str) -> None:
        """Forget a path."""
        self.places.pop(path).unlink()

    def __iter__(self) -> Iterator[str]:
        """Yield the paths, in the order in which they came."""
        return iter(self.places)

    def __len__(self) -> int:
        """Return the number of paths."""
        return len(self.places)
