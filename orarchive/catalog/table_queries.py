"""Queries to start from in Datasette, of the tables of the catalogue."""

QUERIES = {
    "cheapest_with_tools_and_a_schema": (
        "Models that can call tools and keep to a JSON schema, the cheapest first",
        """
        select catalog.id, lab, family, tier, blended, served_context, tools.with_flag, tools.endpoints
        from catalog join flags as tools on tools.id = catalog.id and tools.flag = 'tools'
        join flags as schemas on schemas.id = catalog.id and schemas.flag = 'json_schema'
        where is_choice = 1 and tools.value = 'true' and schemas.value = 'true' and blended is not null
        order by blended_value, catalog.id
        """,
    ),
    "replacements": (
        "What replaces what is gone or about to go",
        """
        select redirects.id, target, kind, price, price_ratio, lost, coalesce(evidence, reason) as why,
            last_seen
        from redirects join catalog on catalog.id = redirects.id order by last_seen desc, redirects.id
        """,
    ),
    "free_models": (
        "Free models, the newest first",
        """
        select id, lab, family, served_context, max_output, first_seen, born from catalog
        where is_free = 1 and is_choice = 1 order by first_seen desc, id
        """,
    ),
    "born_and_gone": (
        "Models by the month of their birth, and how many of them are gone",
        """
        select substr(born, 1, 7) as month, count(*) as born, sum(last_seen is not null) as gone
        from catalog where born is not null group by month order by month
        """,
    ),
    "abilities_of_a_model": (
        "What a model can do, and how that is known",
        "select flag, value, source, evidence, with_flag, endpoints, modes from flags where id = :model",
    ),
    "meaning_of_a_name": (
        "What a name stood for, and when",
        """
        select names.name, kind, name_periods.id, since, until, candidates
        from names join name_periods on name_periods.name = names.name where names.name = :name order by since
        """,
    ),
    "most_used_models": (
        "Published usage on a date by the ids of models",
        """
        select rankings.permaslug, id, tokens, notice from rankings
        left join permaslug_models on permaslug_models.permaslug = rankings.permaslug
        join rankings_source using (series, slice)
        where series = 'models' and date = :date order by tokens desc
        """,
    ),
}
"""Queries for Datasette: name -> title and SQL."""
