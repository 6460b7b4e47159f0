-- The catalogue in the database for download: what the records mean, at the last hour of the models.
--
-- It is computed from the tables before and from reviewed files; docs/catalog.md has its rules. What is not known is
-- null, which is not no. Ids of models refer to models, which has names, labs and limits as OpenRouter lists them.

create table catalog (         -- what the catalogue says of each model that was ever listed
    id          text primary key references models (id),
    lab         text not null references labs (lab),
    family      text,           -- the line of the lab that it belongs to: gpt-mini
    family_source text not null, -- api: an alias of OpenRouter's names it; heuristic, none
    family_evidence text not null, -- field or rule that says so
    generation  text,           -- version in the id: 4.5
    base_family text,           -- family of another lab that it was tuned from
    variant     text not null,  -- free, batch, ...; '' of a base
    variant_group text not null, -- canonical slug, which variants share with their base
    state       text not null,  -- active; stale, deprecated, removed: missing for 0, 14, 30 days
    first_seen  text not null,  -- first hour that listed it
    born        text,           -- the same, if a list before it had been read and was without it; null: it may be older
    last_seen   text,           -- last hour that listed it; null: it is listed
    served_context integer,     -- tokens: the largest context that an endpoint serves
    max_output  integer,        -- tokens: the longest output of an endpoint, or as listed
    total_parameters  integer,
    active_parameters integer,
    size        text,           -- as people write it: 235B-A22B
    size_source text not null,  -- heuristic (id or description), override, none
    size_evidence text not null,
    tier        text,           -- by the price of input: free, budget (below 1 USD for a million tokens), standard (5),
                                -- pro (15), premium; null outside
    output_tier text,           -- by the price of output
    blended_tier text,          -- by the blended price
    blended     text,           -- exact, USD for a million tokens, three of input to one of output
    blended_value real,         -- the same, for sorting
    outside     text not null,  -- why it is in no tier: alias, router, unpriced, not charged by the token; '' within
    is_free     integer not null, -- 1: it is charged by the token and by nothing else, and every price is 0
    is_choice   integer not null, -- 1: it is listed and itself a model, not an alias or a router of others
    open_weights integer        -- 1: its weights are published
) without rowid;

create table flag_statements ( -- statements about what a model can do, and how they are known
    statement integer primary key,
    flag     text not null,     -- tools, json_schema, vision, reasoning, zdr, open_weights, ...
    value    text not null,     -- true, false; of reasoning none, fixed, configurable
    source   text not null,     -- api, heuristic, override
    evidence text not null      -- field or rule that says so
);

create table model_flags (     -- which statements hold of which models: see the view flags; unknown flags have no row
    record    integer not null references records (id), -- of a model
    statement integer not null references flag_statements (statement),
    with_flag integer,          -- number of its endpoints that have the flag; null where endpoints do not say
    endpoints integer,          -- number of its endpoints that say whether they have it
    modes     text,             -- JSON list: of tool_choice the modes that an endpoint honours, of reasoning the efforts
    primary key (record, statement)
) without rowid;

create table names (           -- every name of models: aliases, short names, families, ids of aliases
    name   text primary key,
    kind   text not null,       -- openrouter, slug, reviewed, hash, twin, undated, family, base, latest
    source text not null,       -- id, or where else it comes from
    id     text references models (id), -- that it stands for; null: for none alone, or for one that no list ever had
    candidates text not null    -- JSON list: of a name that stands for none alone those that it fits, newest first
) without rowid;

create table name_periods (    -- what each name stood for, and when
    name  text not null references names (name),
    since text not null,
    until text,                 -- last hour; null: it still does
    id    text,                 -- of a model; null: it fits several
    primary key (name, since)
) without rowid;

create table redirects (       -- what replaces each model that is gone or about to go
    id       text primary key references models (id),
    target   text references models (id), -- a listed model; null: nothing replaces it
    kind     text,              -- who says so: openrouter, permanent_name, alias_target, variant_base, announced,
                                -- override, same_family
    evidence text,
    via      text,              -- JSON list: models between, gone or about to go themselves
    price    text,              -- the target is cheaper, same, dearer or unknown, by the blended prices
    price_ratio real,           -- blended price of the target by that of the model
    lost     text,              -- JSON list: what the target, or the nearest, is not known to be able to do
    reason   text,              -- why nothing replaces it
    nearest  text references models (id), -- where nothing does, the model of its family that lacks least
    newest   text               -- where none of its family comes into question: JSON list, the newest of its lab,
                                -- those in its price class first
) without rowid;

create table tombstones (      -- what is on record of each model that is gone
    id           text primary key references models (id),
    listed_hours integer not null, -- hours from the first to the last sighting, without absences
    absences     integer not null, -- how often it went and came back
    prices       text not null, -- JSON: last prices by dimension, exact, USD per unit
    providers    text,          -- JSON list: who served it in its last hour; null: not on record
    announced    text,          -- first hour that showed its expiration date
    notice_days  integer,       -- days from then to the last sighting
    notice       text not null, -- the same in words
    answer       text not null, -- how OpenRouter answered for its id: gone, unlisted, renamed:ID, unknown:REASON; '': not
                                -- on record
    ending       text not null  -- how it went, in words
) without rowid;

create table shortlists (      -- needs, and how the few best models for each are found
    shortlist text primary key, -- coding, reasoning, ...
    title     text not null,
    size      integer not null, -- number of places
    requires  text not null,    -- JSON list: what a model must have
    quality   text,             -- measure of quality that ranks them; null: none is known
    quality_source text,        -- who measures it
    candidates integer not null, -- number of models that are ranked
    unranked  integer not null  -- number of models without that quality
) without rowid;

create table shortlist_entries ( -- models of the shortlists, and those that the limit of a family keeps out
    shortlist text not null references shortlists (shortlist),
    position  integer not null, -- from 1, by the score alone
    id        text not null references models (id),
    score     text not null,    -- sum of weight * normalised over its parts, exact; 1 is best
    unknown   text not null,    -- JSON list: parts that are not known
    reasons   text not null,    -- JSON list: its parts in words
    displaced_by text,          -- JSON list: it is not in, because these of its family are; null: it is in
    primary key (shortlist, position)
) without rowid;

create table shortlist_parts ( -- parts of the scores, from which anyone can compute them again
    shortlist text not null,
    position  integer not null,
    part      text not null,    -- quality, reliability, latency, cost
    measure   text not null,
    source    text not null,    -- who measured it
    unit      text not null,
    value     text not null,    -- exact
    endpoint  integer references endpoints (record), -- that has the value; null: the model itself
    samples   integer,          -- number of half-hours; null of a value that is not sampled
    better    integer not null, -- number of candidates with a better value
    candidates integer not null, -- number of candidates with a value
    normalised text not null,   -- 1 - better / candidates
    weight    text not null,    -- share of the score
    primary key (shortlist, position, part),
    foreign key (shortlist, position) references shortlist_entries (shortlist, position)
) without rowid;

create table lists (           -- lists of models and endpoints by one measure
    list  text primary key,     -- fastest, lowest-latency, most-reliable, lowest-cost, longest-context, best-value
    title text not null,
    unit  text not null,
    source text,                -- who measured it; of best-value the quality, null where none is known
    window_days integer,        -- days before the last that it covers; null: the last hour
    rule  text not null,        -- what is in it
    unknown text                -- why it is empty
) without rowid;

create table list_rows (       -- places in the lists
    list    text not null references lists (list),
    ranked  text not null,      -- model: each model by its best endpoint; endpoint
    rank    integer not null,   -- from 1, best first; of equal values by id
    id      text not null references models (id),
    value   text not null,      -- exact
    endpoint integer references endpoints (record), -- that has the value; null: the model itself
    samples integer,            -- number of half-hours; null of a value that is not sampled
    quality text,               -- of best-value: the quality for that price
    primary key (list, ranked, rank)
) without rowid;

create table direct_prices (   -- what makers that serve their models themselves ask, beside OpenRouter's prices
    provider   text not null,   -- slug
    region     text not null,
    model      text not null,   -- the provider's id
    id         text references models (id), -- the same model on OpenRouter; null: none is surely the same, or listed
    currency   text not null,   -- of the prices, which are never converted
    converted_from text,        -- currency of the price list, where the source had converted it
    prompt     text,            -- exact, for a token, as the next
    completion text,
    pricing    text not null,   -- JSON, all prices with their conditions, in the form of OpenRouter's
    context_length integer,     -- tokens
    max_output integer,         -- tokens
    source_url text not null,   -- where the figures were read
    checked_on text not null,   -- date
    age_days   integer not null, -- days from then to the last hour
    is_stale   integer not null, -- 1: that is too long ago
    is_offered integer,         -- 1: the provider's own list has the model; null: no list was read
    cheapest   integer references endpoints (record), -- the cheapest endpoint on OpenRouter
    cheapest_ratio real,        -- the direct price by that of this endpoint
    own        integer references endpoints (record), -- the maker's own endpoint on OpenRouter
    own_ratio  real,
    disagreements text,         -- JSON list: prices of that endpoint that differ from the direct ones; null: not compared
    reason     text not null,   -- why it is not compared; '' where it is
    primary key (provider, region, model)
) without rowid;

create table permaslug_models ( -- which model rankings mean by a name
    permaslug text primary key, -- canonical slug with the variant, as in permaslugs
    id        text not null references models (id) -- of several with that name the listed one, or the newest
) without rowid;

create view flags as           -- what each model can do and how that is known; what is not known has no row
    select key as id, flag, value, source, evidence, with_flag, endpoints, modes
    from model_flags join flag_statements on flag_statements.statement = model_flags.statement
    join records on records.id = record;
