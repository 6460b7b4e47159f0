"""Importer: the past that somebody else has recorded, as hours of this archive."""
