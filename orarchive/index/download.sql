-- The database for download: what an archive holds, as tables for other programs. It is made from the index.
--
-- Times are UTC hours as text, '2026-11-20T06:00:00Z', so they sort. A span has `first` and `last`, the first and the
-- last good hour that showed it, and `next_first`, the first good hour that showed something else; `last` and
-- `next_first` are null while it holds. So it holds at an hour from `first` on and before `next_first`, also in a gap.
-- Prices are exact decimals as text, USD per unit (per token, request, image or search); -1 is a router's dynamic
-- price. The REAL value beside a price is for sorting only.

create table about (           -- what this file is; one row
    format    integer not null, -- raised when a table or column goes or changes its meaning; new ones may come any time
    schema    text not null,    -- identifies the tables and the rules that fill them
    program   text not null,    -- version of the program that wrote it
    commit_id text,             -- the last commit of the archive that it shows
    first_hour text not null,   -- first hour of the archive
    hour      text not null     -- last hour of the archive
);

create table feeds (           -- what is archived: a row for each feed
    feed      text primary key,
    route     text not null,    -- below https://openrouter.ai/api/v1/
    cadence   text not null,    -- hourly, daily
    key       text not null,    -- the fields that identify a record
    base_file text not null     -- the file that has a line for each listed record
);

create table hours (           -- every hour from the first to the last, also those of a gap
    hour     text primary key,
    attempts integer not null   -- number of attempts at it
) without rowid;

create table attempts (        -- every attempt at an hour, oldest first
    attempt   integer primary key,
    hour      text not null references hours (hour),
    number    integer not null, -- 1, 2, ... within its hour
    started   text not null,
    finished  text not null,
    origin    text not null,    -- 'live', or 'import:<name>'
    program   text not null,    -- version of the program that archived it
    commit_id text,             -- the commit whose tree is the state after it; null: no commit shows it
    broken    text,             -- why its commit could not be read; its reads are then not good
    source_commit text          -- of an import: the commit in the other repository
);

create table scopes (          -- what a response could contain
    id    integer primary key,
    scope text not null unique  -- route and query
);

create table reads (           -- how each attempt read each feed that it requested
    attempt  integer not null references attempts (attempt),
    feed     text not null references feeds (feed),
    outcome  text not null,     -- ok, partial, quarantined, failed
    good     integer not null,  -- 1: the read counts. A list counts if ok; a fan-out feed (one request for each key
                                -- of another feed) also if partial, except for its kept keys
    scope    integer not null references scopes (id),
    records  integer,           -- number of records after the attempt
    requests integer,           -- number of requests
    seconds  real,              -- duration, seconds
    state    integer not null,  -- numbers the states of the feed's files after an attempt: equal files, equal numbers
    kept     text,              -- JSON, of fan-out feeds: keys that were not read -> reason
    reasons  text,              -- JSON list
    primary key (attempt, feed)
) without rowid;

create table gaps (            -- pairs of good hours of a feed between which hours (of a daily feed: days) are missing
    feed    text not null references feeds (feed),
    after   text not null,      -- the last good hour before the gap
    until   text not null,      -- the first good hour after it
    missing integer not null,   -- number of hours, or days, without a good read
    primary key (feed, after)
);

create table labs (            -- authors of models
    lab   text primary key,
    first_seen text not null
);

create table models (          -- every model that was ever observed, with its last record
    id         text primary key, -- as OpenRouter has it
    record     integer references records (id),
    name       text not null,   -- the id where it has none
    lab        text references labs (lab), -- null of a model that no list ever had
    state      text not null,   -- active; stale, deprecated, removed (missing for 0, 14, 30 days); unobserved (a
                                -- narrower scope no longer contains it); unlisted (no list ever had it)
    arrival    text not null,   -- how it was last added: baseline, first_observed, added, returned, unlisted
    first_seen text,            -- first hour that listed it
    last_seen  text,            -- last hour that listed it: of an active model the last good hour
    missing_since text,         -- first good hour without it
    canonical_slug text,        -- OpenRouter's permanent name
    created    text,            -- UTC, '2026-11-20 06:05:04', as OpenRouter says
    context_length integer,     -- tokens
    max_output integer,         -- tokens
    input_modalities  text,     -- JSON list
    output_modalities text,     -- JSON list
    supported_parameters text,  -- JSON list
    tokenizer  text,
    knowledge_cutoff text,
    hugging_face_id  text,
    alias_target     text,      -- id of the model that this one points at
    expiration_date  text,      -- as sent
    expires    text,            -- the same; null if the date is a filler for "none"
    is_new     integer not null, -- 1: it was added in the last week
    is_orphaned integer not null, -- 1: listed, but nobody serves it
    prompt     text,            -- price now, or when it was last seen, of an ordinary prompt: see current_prices
    completion text
);

create table providers (       -- every provider that was ever observed
    slug       text primary key,
    record     integer references records (id), -- null of one that only endpoints name
    name       text not null,   -- the slug where it has none
    state      text,            -- as of models; null of one that only endpoints name
    first_seen text,
    last_seen  text,            -- null: it is listed now
    missing_since text,
    headquarters text,          -- country code
    datacenters  text,          -- JSON list of country codes
    privacy_policy_url   text,
    terms_of_service_url text,
    status_page_url      text
);

create table endpoints (       -- every endpoint (a provider that serves a model) ever observed, with its last record
    record     integer primary key references records (id),
    key        text not null,   -- for people: openai/gpt-x@azure/eu; #1 is the second endpoint with a tag
    model      text not null references models (id), -- id under which it was requested
    tag        text not null,   -- provider, and what tells its endpoints apart
    n          integer not null, -- counts the endpoints with the same model and tag, from 0
    provider   text not null references providers (slug),
    state      text not null,   -- active; left; unobserved
    first_seen text not null,
    last_seen  text,            -- of an active endpoint the last good hour
    provider_name  text,
    quantization   text,
    context_length integer      -- tokens
);

create table provider_models ( -- which provider serves which model: a row for the pair, over all its endpoints
    provider  text not null references providers (slug),
    model     text not null references models (id),
    first     text not null,
    last      text,             -- last hour served; null: it is served now
    endpoints integer not null, -- number of endpoints now
    primary key (provider, model)
);

create table records (         -- every record of every feed that was ever observed
    id      integer primary key,
    feed    text not null references feeds (feed),
    key     text not null,      -- for people: an id, a slug, or that of an endpoint
    parts   text not null,      -- JSON list: the values of the feed's key fields
    model    text references models (id), -- that it is, or is about
    endpoint integer references endpoints (record), -- that it is, or is about
    tag      text,              -- of an endpoint, as are n and provider
    n        integer,
    provider text references providers (slug),
    first   text not null,      -- first hour seen
    last    text,               -- last hour seen; null: it is listed now
    arrival text not null,      -- how it was last added: baseline, first_observed, added, returned, joined, gained
    state   text not null,      -- as of models; left (endpoints), lost (zdr)
    missing text                -- first good hour without it
);

create table stretches (       -- unbroken stretches of good hours in which a record had a line in a file
    record integer not null references records (id),
    file   text not null,       -- as in field_versions; in feeds.base_file: it was listed
    first  text not null,
    last   text,
    next_first text,
    primary key (record, file, first)
) without rowid;

create table replaced_lines (  -- lines that a good read had left before a later attempt at its hour replaced them
    record  integer not null references records (id),
    file    text not null,      -- facts (the record was listed), prices, spot
    attempt integer not null references attempts (attempt), -- the later attempt
    line    text,               -- JSON of the record's fields in the file; null: there was no such line
    primary key (record, file, attempt)
) without rowid;

create table field_versions (  -- every value that a field of a record ever had, but for volatile ones
    record integer not null references records (id),
    field  text not null,       -- a member of the record, or of its pricing: 'pricing.prompt'; fields of the key are in
                                -- records.parts
    file   text not null,       -- facts, prices, text, spot (rates of time-of-day prices as they were then), endpoints,
                                -- asked (what the response about a model's endpoints says of the model)
    first  text not null,
    last   text,
    next_first text,
    value  text not null,       -- JSON, as sent
    primary key (record, field, file, first)
) without rowid;

create table prices (          -- price points of models and endpoints; a zero that only spells out no price is left out
    id        integer primary key,
    model     text not null references models (id),
    endpoint  integer references endpoints (record), -- null: the price that the model itself lists
    tag       text,
    n         integer,
    provider  text references providers (slug),
    dimension text not null,    -- prompt, completion, ...
    condition text not null,    -- '', or JSON: when the price holds (min_prompt_tokens, utc_start, ...)
    position  real not null,    -- of the prices of a dimension that hold at the same time the one with the highest counts
    first     text not null,
    last      text,
    next_first text,
    amount    text not null,    -- exact, USD per unit
    value     real              -- for sorting; null if the amount is dynamic
);

create table current_prices (  -- prices at the last hour that showed each, for an ordinary prompt
    id        integer primary key,
    model     text not null references models (id),
    endpoint  integer references endpoints (record), -- null: the price that the model itself lists
    tag       text,
    n         integer,
    provider  text references providers (slug),
    dimension text not null,    -- prompt, completion, ...
    amount    text not null,    -- exact, USD per unit; of a time-of-day price the rate of that hour
    value     real,             -- for sorting; null if the amount is dynamic
    lowest    text,             -- of a price that depends on conditions: the range of all of them
    highest   text
);

create table events (          -- every meaningful change
    id       integer primary key,
    hour     text not null references hours (hour), -- hour in which it became known
    attempt  integer not null references attempts (attempt),
    after    text,              -- it happened later than this hour (null: unknown) ...
    by       text not null,     -- ... and not later than in this one
    kind     text not null,     -- added, missing, repriced, ...: see docs/index.md
    feed     text not null,     -- a feed, or rankings
    record   integer references records (id), -- null of an event that is about no record
    subject  text,              -- of such an event: the path of a field, or the series of rankings
    field    text not null,     -- field of the record; '' where the kind says it
    old      text,              -- JSON
    new      text,              -- JSON
    percent  real,              -- of prices: the change, percent
    cause    text not null      -- of prices: endpoint, provider, schedule, unknown; of missing: how the service answered
                                -- a request for the id; of a record that was added or removed together with its model
                                -- or endpoint: model, endpoint
);

create table days (            -- the UTC days on which health was read
    day  integer primary key,   -- days since 1970-01-01
    date text not null          -- the same, 2026-11-20
);

create table health_days (     -- health of endpoints by UTC day
    day       integer not null references days (day),
    endpoint  integer not null references endpoints (record),
    hours     integer not null, -- number of hours in which it was read
    abnormal  integer not null, -- number of these with a status other than 0
    uptimes   integer not null, -- number of these with an uptime of the last 30 minutes
    uptime_mean real,           -- mean of these uptimes, percent
    uptime_min  real,           -- lowest of these uptimes, percent
    latencies integer not null, -- number of these hours with a median latency and throughput of the last 30 minutes
    latency_mean    real,       -- mean of these medians, milliseconds to the first token
    throughput_mean real,       -- mean of these medians, output tokens a second
    primary key (day, endpoint)
) without rowid;

create table benchmarks (      -- third-party scores, which have terms of their own: the last of each model
    model text primary key references models (id),
    since text not null,        -- first hour that showed them
    gone  text,                 -- first good hour without them; null: they are there
    moves integer not null,     -- number of changes since they were first seen
    scores text not null        -- JSON
);

create table ranking_reads (   -- every slice of a series of rankings that an attempt requested
    attempt integer not null references attempts (attempt),
    hour    text not null references hours (hour),
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
    name   text not null        -- series and slice
);

create table permaslugs (      -- names of models in rankings
    id        integer primary key,
    permaslug text not null     -- canonical slug with the variant; `other` is the rest
);

create table usage (           -- use of models by date, as OpenRouter last published it
    slice     integer not null references ranking_slices (id),
    date      text not null,    -- a UTC day, or the Monday of a week
    permaslug integer not null references permaslugs (id),
    tokens    integer,          -- input and output; null: what was sent is no number, or one beyond 64 bits
    primary key (slice, date, permaslug)
) without rowid;

create table orders (          -- recent orders of models by use: ranks without totals
    hour  text not null references hours (hour),
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
    line   text not null,       -- JSON, as it was sent
    primary key (series, slice, key)
) without rowid;

create table fields (          -- every field path that a feed ever had
    feed    text not null references feeds (feed),
    path    text not null,
    first   text not null,      -- first hour that had it
    records integer not null,   -- number of records that have it now
    missing text,               -- first hour in which no record had it
    primary key (feed, path)
);
