"""Publish: from the index to site/. What the pages show, which pages there are, and how they are rendered."""
