"""Print the lines that open each table of a published export in DuckDB and in polars.

python examples/one_liners.py https://example.org/archive/parquet/manifest.json

They are made from the manifest and name every file: there is no listing over HTTPS to match a pattern with.
"""

import sys
from pathlib import Path
from urllib.request import urlopen

from orarchive.export.manifest import MANIFEST_NAME, parse_manifest
from orarchive.export.readme import list_duckdb_lines, list_polars_lines


def print_lines(address: str) -> None:
    """Print the lines for a manifest, given by its address or its path."""
    if "://" in address:
        with urlopen(address, timeout=60) as response:
            content = response.read()
    else:
        content = Path(address).read_bytes()
    manifest, base_url = parse_manifest(content), address.removesuffix(MANIFEST_NAME)
    print(*list_duckdb_lines(manifest, base_url), *list_polars_lines(manifest, base_url), sep="\n")


if __name__ == "__main__":
    print_lines(sys.argv[1])
