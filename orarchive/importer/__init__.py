"""Importing: the versions of a models file that another git repository recorded, as hours of this archive."""
