-- The index of an archive: everything that git says about it, as tables. It can be rebuilt at any time.
--
-- Times are UTC hours as text, '2026-11-20T06:00:00Z', so they sort. A span has `first` and `last`: the first and
-- the last good hour that showed it; `last` is null while it still holds. Prices are exact decimals as text, USD
-- per unit (per token, request, image or search); the REAL value beside one is for sorting only.
--
-- The indexes here are those that building uses; build.py makes the others at the end.

create table meta (            -- one row: what this file is
    schema    text not null,    -- identifies the tables and the rules that fill them; a reader with another rebuilds
    program   text not null,    -- version of the program that wrote it
    commit_id text              -- the last commit whose files could be read; lines with `last` null are its lines
);

create table tips (            -- only in the working copy: where the indexed git histories end, imported ones first
    position  integer primary key,
    commit_id text not null
);

create table checkpoint (      -- only while a long build is under way: how far it has come, in one row
    attempts  integer not null, -- number of indexed attempts since those of the tips
    sha256    text not null,    -- of these attempts and their commits
    last_hour text not null     -- hour up to which the build goes; what would be too old at that hour is left out
);

create table feeds (           -- one row for each feed
    feed     text primary key,
    route    text not null,
    cadence  text not null,     -- hourly, daily
    key      text not null      -- the fields that identify a record
) without rowid;

create table attempts (        -- one row for each line of the ledger, oldest first
    attempt   integer primary key,
    hour      text not null,
    hour_s    integer not null, -- the hour in seconds since 1970
    number    integer not null, -- 1, 2, ... within its hour
    started   text not null,
    finished  text not null,
    origin    text not null,    -- 'live', or 'import:<name>'
    program   text not null,
    commit_id text,             -- the commit whose tree is the state after it; null: no commit shows it
    broken    text,             -- why its commit could not be read; its reads are then not good
    health   text,              -- of endpoints: read; not fetched, cut off, not found, damaged; null: there was none yet
    health_commit text,         -- the commit of the branch health that the ledger names
    relations text,             -- JSON: counts of references to records that do not exist, by kind
    source    text,             -- JSON, of imports: commit and path in the other repository
    source_commit text,         -- that commit
    notes     text              -- JSON list
);
create index attempts_hour on attempts (hour);

create table reads (           -- one row for each feed that an attempt requested
    attempt  integer not null references attempts,
    feed     text not null,
    hour     text not null,
    outcome  text not null,     -- ok, partial, quarantined, failed
    good     integer not null,  -- 1: the read counts. A list counts if ok; a fan-out feed (one request for each key
                                -- of another feed) also if partial, except for its kept keys. An hour of a fan-out
                                -- feed is good, and no gap, only if ok: see the views
    since    text not null,     -- hour in which the oldest response may have been made: the start less its age
    scope    text not null,     -- route and query: what the response can contain
    records  integer,           -- number of records after the attempt
    requests integer,
    retries  integer not null,  -- number of repeated requests among these
    limited  integer not null,  -- number of requests among these that were answered with 429 (come back later)
    seconds  real,
    age      integer,           -- largest `age` header, in seconds
    observed_s integer not null, -- seconds observed up to this hour: between two good hours at most a day counts
    sha256   text not null,     -- of the feed's files after the attempt
    kept     text,              -- JSON, of fan-out feeds: keys that were not read -> reason
    reasons  text,              -- JSON list
    notes    text,              -- JSON list
    refused  text,              -- JSON list of payloads that failed validation
    vanished text,              -- JSON, of models: id that vanished -> how the service answered a request for it
    primary key (feed, attempt)
) without rowid;

create table records (         -- one row for each record that was ever observed
    id       integer primary key,
    feed     text not null,
    key      text not null,     -- for people: openai/gpt-x, openai/gpt-x@azure/eu; #1 is the second endpoint with a tag
    parts    text not null,     -- JSON list: the values of the feed's key fields
    first    text not null,     -- first hour seen
    last     text,              -- last hour seen; null: it is listed now
    arrival  text not null,     -- how it was last added: baseline, first_observed, added, returned, joined, gained;
                                -- or unlisted: a model that was in no list, but whose endpoints were requested
    state    text not null,     -- active; stale, deprecated, removed (missing for 0, 14, 30 days); left, lost;
                                -- unobserved, unlisted
    missing  text,              -- first good hour without it
    observed_s integer not null, -- reads.observed_s of the feed in that hour: the absence is how much more it is now;
                                -- of an unobserved record the absence itself
    unique (feed, parts)        -- no two keys are equal, but for characters that SQLite cannot hold: these are escaped
);
create index records_key on records (feed, key);
create index records_absent on records (feed, state, observed_s) where last is not null;

create table versions (        -- every version of every line, except for volatile lines (see latest)
    record integer not null references records,
    file  text not null,        -- facts, prices, text, spot, endpoints, asked (data/endpoints/models.jsonl: what the
                                -- response about a model's endpoints says of the model)
    first text not null,
    last  text,
    line  text not null,        -- JSON, as it stands in the file
    primary key (record, file, first)
);

create table replaced_lines (  -- lines with prices that an earlier good read of the same hour had left
    record  integer not null references records,
    file    text not null,      -- as in versions: facts (it was listed), prices, spot
    attempt integer not null references attempts, -- the later attempt, which replaced the line
    line    text,               -- null: there was none
    primary key (record, file, attempt)
);

create table model_facts (     -- fields of the last version of `facts` of each model that has one; null where it has no
    record         integer primary key references records, -- such value
    name           text,
    canonical_slug text,
    created        text,        -- UTC, '2026-11-20 06:05:04'
    context_length integer,
    expiration_date text,       -- as sent
    expires        text,        -- the same; null if the date is a filler for "none"
    new_until      text not null -- a week after it was first seen; if that was after a gap of over a day, after `created`
);

create table endpoint_facts (  -- the same of each endpoint
    record         integer primary key references records,
    model          text not null, -- id under which it was requested
    tag            text not null,
    provider_name  text,
    quantization   text,
    context_length integer
);

create table latest (          -- volatile lines, whose single changes mean little (benchmarks): the last version
    record integer not null references records,
    file  text not null,
    since text not null,
    gone  text,                 -- first good hour without it; null: it is there
    moves integer not null,     -- number of changes since it was first seen
    line  text not null,
    primary key (record, file)
);

create table health (          -- health of endpoints as it was read in the attempts of the last 30 days; null: no number
    attempt integer not null references attempts,
    record  integer not null references records,
    status  integer,            -- 0: well
    uptime_last_5m  real,       -- percent of requests, as the next two
    uptime_last_30m real,
    uptime_last_1d  real,
    latency_p50 real,           -- of the last 30 minutes, milliseconds
    latency_p75 real,
    latency_p90 real,
    latency_p99 real,
    throughput_p50 real,        -- of the last 30 minutes, tokens a second
    throughput_p75 real,
    throughput_p90 real,
    throughput_p99 real,
    other   text,               -- JSON: fields without a column, and values that do not fit theirs
    primary key (attempt, record)
) without rowid;

create table health_days (     -- health of endpoints by UTC day
    record    integer not null references records,
    day      integer not null,  -- days since 1970-01-01
    hours    integer not null,  -- number of hours in which it was read
    abnormal integer not null,  -- number of these with a status other than 0
    uptimes  integer not null,  -- number of these with an uptime of the last 30 minutes (percent)
    well     integer not null,  -- number of these of at least 99 %
    uptime_sum real not null,
    uptime_min real,
    latencies integer not null, -- number of these with a median latency (and throughput) of the last 30 minutes
    latency_sum real not null,
    throughput_sum real not null,
    primary key (day, record)   -- day first: the rows that an hour writes lie together, however many days there are
) without rowid;

create table watched (         -- runs of good or bad hours: states that take several hours running
    record integer not null references records,
    kind  text not null,        -- health (of an endpoint), orphaned (of a model)
    hour  text not null,        -- last hour counted
    seen  text not null,        -- hour in which the response of that hour may have been made (see reads.since)
    bad   integer not null,     -- 1: bad in that hour
    run   integer not null,     -- number of hours running
    since text not null,        -- first hour of the run
    after text,                 -- `seen` of the last hour before the run
    is_reported integer not null, -- 1: an event says that it is bad
    primary key (record, kind)
) without rowid;

create table prices (          -- price points of models and endpoints; a zero that only spells out no price is left out
    record     integer not null references records,
    dimension text not null,    -- prompt, completion, ...
    condition text not null,    -- '', or JSON: when the price holds (min_prompt_tokens, utc_start, ...)
    position  real not null,    -- of the prices of a dimension that hold at the same time the one with the highest counts
    first     text not null,
    last      text,
    amount    text not null,    -- exact, USD per unit; -1: dynamic
    value     real,             -- for sorting; null if the amount is dynamic
    primary key (record, dimension, condition, first)
) without rowid;

create table current_prices (  -- prices of models and endpoints at the last hour that showed them, for an ordinary prompt
    record    integer not null references records,
    dimension text not null,
    amount    text not null,    -- exact; of a time-of-day price the rate of that hour
    value     real,             -- for sorting; null if the amount is dynamic
    lowest    text,             -- of a price that depends on conditions: the range of all of them
    highest   text,
    primary key (record, dimension)
) without rowid;

create table events (          -- one row for each meaningful fact
    id      integer primary key,
    hour    text not null,      -- hour in which it became known
    attempt integer not null references attempts,
    after   text,               -- it happened later than this hour (null: unknown) ...
    by      text not null,      -- ... and not later than in this one
    kind    text not null,      -- see docs/index.md
    feed    text not null,
    key     text not null,      -- as in records; of field_*: the path of the field
    field   text not null,      -- field of the record; '' where the kind says it
    old     text,               -- JSON
    new     text,               -- JSON
    percent real,               -- of prices
    cause   text not null       -- of prices: endpoint, provider, schedule, unknown; of missing: how the service answered
                                -- a request for the id; of a record that was added or removed together with its
                                -- model or endpoint: model, endpoint
);

create table ranking_reads (   -- one row for each slice of a series of rankings that an attempt requested
    attempt integer not null references attempts,
    hour    text not null,
    series  text not null,      -- order, models, category ..., openapi
    slice   text not null,      -- '' for the series as a whole
    outcome text not null,      -- ok, or the reason why it was not read
    as_of   text,               -- date of the figures according to the service
    missing text,               -- JSON list of dates that were requested and not in the response
    primary key (series, slice, attempt)
) without rowid;

create table ranking_slices (  -- slices that have usage
    id     integer primary key,
    series text not null,       -- models (all), modality, context (both exact); category, language (sampled, by week)
    slice  text not null,
    folder text not null unique, -- of its files below data/
    unique (series, slice)
);

create table permaslugs (      -- names of models in rankings: canonical slug with the variant; `other` is the rest
    id        integer primary key,
    permaslug text not null unique
);

create table usage (           -- input and output tokens by model and date, as OpenRouter last published them
    slice     integer not null references ranking_slices,
    date      text not null,    -- a UTC day, or the Monday of a week
    permaslug integer not null references permaslugs,
    tokens    integer,          -- null: what was sent is no number, or one beyond 64 bits
    primary key (slice, date, permaslug)
) without rowid;

create table orders (          -- recent orders of models by use: ranks without totals
    hour  text not null,
    slice text not null,        -- category; '' for all
    rank  integer not null,     -- from 1
    model text not null,        -- id
    primary key (slice, hour, rank)
) without rowid;

create table ranking_lines (   -- the lines of the last date of apps, tasks, sessions and benchmarks
    series text not null,
    slice  text not null,
    date   text not null,
    key    text not null,       -- JSON
    line   text not null,       -- JSON, as it stands in the file
    primary key (series, slice, key)
) without rowid;

create table fields (          -- every field path that a feed ever had
    feed    text not null,
    path    text not null,
    first   text not null,
    records integer not null,   -- number of records that have it now
    missing text,               -- first hour in which no record had it
    observed_s integer not null, -- reads.observed_s of the feed then
    is_reported integer not null, -- 1: there is a field_vanished event for this absence
    primary key (feed, path)
) without rowid;

create table labs (            -- authors of models
    lab   text primary key,
    first text not null
) without rowid;

create table lab_models (
    lab   text not null references labs,
    model integer not null references records,
    primary key (lab, model)
) without rowid;

create table provider_models (  -- which provider serves which model: one row for the pair, over all its endpoints
    provider text not null,     -- slug
    model    text not null,     -- id
    first    text not null,
    last     text,              -- last hour served; null: it is served now
    endpoints integer not null, -- number of endpoints now
    primary key (provider, model)
) without rowid;
create index provider_models_model on provider_models (model);

-- Views: what people ask for, under readable names. Each has one row for each thing. Other programs than SQLite run
-- them too (DuckDB does), so they use standard SQL: no column that is neither grouped by nor an aggregate, no subquery
-- that could return two rows, no function of SQLite's own; and each column of a view has a type.

create view now as
    select max(hour) as hour, (select max(hour) from reads where feed = 'models' and good = 1) as models
    from attempts;

-- every model that was ever listed, with its last record and its prices at that hour (current_prices says which
-- depend on conditions); `expires` is null if the date is a filler for "none"
create view models as
    select records.key as id, lab, state, records.first as first_seen,
        coalesce(records.last, now.models) as last_seen, missing as missing_since,
        name, canonical_slug, created, context_length, expiration_date, expires,
        state = 'active' and now.hour < new_until and records.key in (
            select events.key from events where events.feed = 'models' and kind = 'added') as is_new,
        state = 'active' and exists (
            select 1 from watched where record = records.id and kind = 'orphaned' and is_reported = 1) as is_orphaned,
        (select amount from current_prices where record = records.id and dimension = 'prompt') as prompt,
        (select amount from current_prices where record = records.id and dimension = 'completion') as completion
    from records cross join now
    join lab_models on model = records.id
    join model_facts on model_facts.record = records.id
    where feed = 'models';

-- every endpoint that was ever observed, with its last record; a current one was last seen in the last good read
create view endpoints as
    select records.key as key, model, tag, state, records.first as first_seen,
        coalesce(records.last, (select max(hour) from reads where feed = 'endpoints' and good = 1)) as last_seen,
        provider_name, quantization, context_length
    from records
    join endpoint_facts on record = records.id
    where feed = 'endpoints';

create view version_log as     -- every version of every line, with the origin of its first observation
    select records.feed as feed, records.key as key, file, versions.first as first, versions.last as last,
        origin, source_commit, line
    from versions join records on records.id = record
    left join (select hour, max(attempt) as attempt from attempts group by hour) as times on times.hour = versions.first
    left join attempts on attempts.attempt = times.attempt;

create view coverage as        -- how each feed was read, by hour: 1 completely (of a fan-out feed: nearly every key), 0 not
    select feed, hour, max(case when outcome = 'ok' and good = 1 then 1 else 0 end) as complete,
        group_concat(outcome) as outcomes
    from reads group by feed, hour;

create view gaps as            -- pairs of good hours of a feed between which hours (of a daily feed: days) are missing
    select feed, after, until, missing from (
        select feed, hour as until, lag(hour) over hours as after, cast(case cadence
            when 'hourly' then (hour_s - lag(hour_s) over hours) / 3600
            else (hour_s - hour_s % 86400 - lag(hour_s - hour_s % 86400) over hours) / 86400 end as bigint) - 1 as missing
        from coverage join feeds using (feed) join (select distinct hour, hour_s from attempts) as times using (hour)
        where complete = 1
        window hours as (partition by feed order by hour)) as steps
    where missing > 0;
