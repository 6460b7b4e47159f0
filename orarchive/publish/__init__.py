"""Publish: from the archive to site/. What a page shows, which pages there are, and how they look."""
