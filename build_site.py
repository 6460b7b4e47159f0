#!/usr/bin/env python3
"""Render the archive of this repository, or the one that --archive or ARCHIVE_DIR names. See README.md."""

from pathlib import Path

from orarchive.cli.build_site import build_site_command

if __name__ == "__main__":
    repository = Path(__file__).parent
    build_site_command(default_map={"archive": repository, "out": repository / "site"})
