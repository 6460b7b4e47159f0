-- Indexes, full-text search and views of the database for download; made when its tables are full.
--
-- Other programs than SQLite run the views too (DuckDB does), so they use standard SQL: no column that is neither
-- grouped by nor an aggregate, no subquery that could return two rows, no function of SQLite's own; and each column of a
-- view has a type.

create index endpoints_model on endpoints (model);
create index endpoints_key on endpoints (key);
create index records_key on records (key);
create index records_model on records (model);
create index events_record on events (record);
create index events_kind on events (kind);

create virtual table models_search using fts5 (id, name, canonical_slug, content='models');
insert into models_search (models_search) values ('rebuild');
create virtual table endpoints_search using fts5 (key, provider_name, content='endpoints', content_rowid='record');
insert into endpoints_search (endpoints_search) values ('rebuild');
create virtual table providers_search using fts5 (slug, name, content='providers');
insert into providers_search (providers_search) values ('rebuild');

create view prices_at as       -- prices in force at each hour: select ... where hour = '2026-11-20T06:00:00Z'
    select hours.hour as hour, model, endpoint, tag, n, provider, dimension, condition, position, amount, value,
        first, last
    from hours join prices on hours.hour >= first and (next_first is null or hours.hour < next_first);

create view listed_at as       -- records that were listed at each hour; `last` before it: seen last before a gap
    select hours.hour as hour, records.feed as feed, records.key as key, model, tag, n, provider, record,
        stretches.first as first, stretches.last as last
    from hours join stretches on hours.hour >= stretches.first and (next_first is null or hours.hour < next_first)
    join records on records.id = record join feeds on feeds.feed = records.feed and base_file = file;

create view states_at as       -- state of each model at each hour, as in models; none before it was seen or while unobserved
    select hours.hour as hour, model, state, since
    from hours join (
        select model, 'active' as state, stretches.first as since, next_first as until
        from stretches join records on records.id = record join feeds on feeds.feed = records.feed and base_file = file
        where records.feed = 'models'
        union all
        select model, case kind when 'missing' then 'stale' else kind end as state, hour as since, until
        from (
            select record, kind, hour, lead(hour) over (partition by record order by id) as until
            from events
            where feed = 'models' and kind in ('missing', 'deprecated', 'removed', 'returned', 'added', 'first_observed')
        ) as turns join records on records.id = record
        where kind in ('missing', 'deprecated', 'removed')
    ) as states on hours.hour >= since and (until is null or hours.hour < until);

create view fields_at as       -- fields of records at each hour
    select hours.hour as hour, feed, key, model, record, file, field, value
    from hours join field_versions on hours.hour >= field_versions.first
        and (next_first is null or hours.hour < next_first)
    join records on records.id = record;

create view field_log as       -- every value that a field of a record ever had, with the feed and key of the record
    select feed, key, model, file, field, field_versions.first as first, field_versions.last as last, next_first, value
    from field_versions join records on records.id = record;

create view price_history as   -- price points with the feed and key of their record
    select case when endpoint is null then 'models' else 'endpoints' end as feed, coalesce(key, prices.model) as key,
        dimension, condition, first, last, next_first, amount, value
    from prices left join endpoints on endpoints.record = endpoint;

create view event_log as       -- events with what they are about, and the origin of their observation
    select events.id as id, events.hour as hour, after, events."by" as "by", kind, events.feed as feed, coalesce(key, subject) as key,
        model, tag, n, provider, field, old, new, percent, cause, origin, commit_id, source_commit
    from events join attempts on attempts.attempt = events.attempt left join records on records.id = record;

create view health_log as      -- health of endpoints by UTC day, with date, model, tag, n and provider
    select date, key, model, tag, n, provider, hours, abnormal, uptimes, uptime_mean, uptime_min, latencies,
        latency_mean, throughput_mean
    from health_days join days on days.day = health_days.day join endpoints on record = endpoint;

create view rankings as        -- published usage with the names of series, slice and model
    select series, ranking_slices.slice as slice, date, permaslugs.permaslug as permaslug, tokens
    from usage join ranking_slices on ranking_slices.id = usage.slice
    join permaslugs on permaslugs.id = usage.permaslug;

create view rankings_source as -- the notice that has to be shown with published figures, and their date
    select series, slice, hour as read, as_of, 'Source: OpenRouter ' || case series
        when 'apps' then '(openrouter.ai/apps)'
        when 'sessions' then 'Data API (openrouter.ai/docs/cookbook/administration/data-api)'
        else '(openrouter.ai/rankings)' end || ', as of ' || as_of || '. Licensed under CC BY 4.0.' as notice
    from (
        select series, slice, hour, as_of, row_number() over (partition by series, slice order by attempt desc) as age
        from ranking_reads
        where outcome = 'ok' and as_of is not null and series != 'benchmarks'  -- their scores belong to third parties
    ) as latest_reads
    where age = 1;

create view coverage as        -- how each feed was read, by hour: 1 completely (of a fan-out feed: nearly every key), 0 not
    select feed, hour,
        max(case when outcome = 'ok' and good = 1 then 1 else 0 end) as complete, group_concat(outcome) as outcomes
    from reads join attempts on attempts.attempt = reads.attempt group by feed, hour;
