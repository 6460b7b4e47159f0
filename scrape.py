#!/usr/bin/env python3
"""Archive this hour in this repository, or in the one that --archive or ARCHIVE_DIR names. See README.md."""

from pathlib import Path

from orarchive.cli.scrape import scrape_command

if __name__ == "__main__":
    scrape_command(default_map={"archive": Path(__file__).parent})
