"""Domain: what the service sends and what it means. Pure: no files, no network, no clock."""
