#!/usr/bin/env python3
"""Render the site of this repository, or of the one that --archive or ARCHIVE_DIR names. See README.md."""

from pathlib import Path

from orarchive.cli.build_site import build_site_command

if __name__ == "__main__":
    here = Path(__file__).parent
    build_site_command(default_map={"archive": here, "out": here / "site"})
