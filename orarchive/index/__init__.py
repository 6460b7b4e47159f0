"""The index: everything that git says about an archive, as tables in one SQLite file; see `schema.sql`."""
