"""Schemas: every table of the export, with the meanings and units of its columns."""

from orarchive.domain.health_values import DISTRIBUTIONS, PERCENTILES, STATUS, UPTIMES
from orarchive.export.columns import (
    COMPLETION_USD,
    CONTEXT,
    DATE,
    ENDPOINT,
    EXPIRES,
    FACET,
    FLAG,
    INTEGER,
    JSON,
    LIFE,
    MAX_OUTPUT,
    MEASURE,
    NAME,
    ORIGIN,
    PARAMETERS,
    PRICE,
    PROMPT_USD,
    PROVIDER_NAME,
    QUANTIZATION,
    SPAN,
    TEXT,
    TEXTS,
    TIME,
    Column,
    Table,
)

SCHEMA_VERSION = 2
"""Raise it when a table changes: files of another version are written anew."""

MODELS = Table(
    "models",
    "Every model that was ever listed, with its last record",
    (
        Column("id", TEXT, "Model id."),
        Column(
            "author", TEXT, "Who made it: the part of the id before the slash, without the ~ of an alias."
        ),
        Column("variant", TEXT, "Part of the id after the colon: free, thinking; null without a colon."),
        NAME,
        Column("canonical_slug", TEXT, "Permanent, dated name of the model."),
        *LIFE,
        Column("is_alias", FLAG, "Whether it only points at another model."),
        Column("alias_target", TEXT, "Id of that model."),
        Column("created", TIME, "When the service says that it was created."),
        CONTEXT,
        MAX_OUTPUT,
        Column("input_modalities", TEXTS, "Kinds of input: text, image, file, audio, video."),
        Column("output_modalities", TEXTS, "Kinds of output."),
        PARAMETERS,
        Column("tokenizer", TEXT, "Family of its tokenizer."),
        Column("knowledge_cutoff", TEXT, "As sent."),
        Column("hugging_face_id", TEXT, "Its repository at Hugging Face."),
        EXPIRES,
        PROMPT_USD,
        COMPLETION_USD,
        JSON,
    ),
    ("id",),
)

CATALOG = Table(
    "catalog",
    "What the catalogue says of every model that was ever listed: abilities, price class, names, replacement",
    (
        Column("id", TEXT, "Model id."),
        Column("lab", TEXT, "Who made it, as author of models."),
        Column("family", TEXT, "Line of the lab that it belongs to: gpt-mini."),
        Column("generation", TEXT, "Version in the id: 4.5."),
        Column("base_family", TEXT, "Family of another lab that it was tuned from."),
        Column("variant", TEXT, "Part of the id after the colon; null without a colon."),
        Column("first_seen", TIME, "First hour that listed it."),
        Column("last_seen", TIME, "Last hour that listed it; null: it is listed."),
        Column("served_context", INTEGER, "Largest context that an endpoint serves.", "tokens"),
        Column("total_parameters", INTEGER, "From its id or description."),
        Column("active_parameters", INTEGER, "Those used for a token, likewise."),
        Column("tier", TEXT, "By input price: free, budget, standard, pro, premium; null: outside."),
        Column("outside_tiers", TEXT, "Why it is in no tier: alias, router, unpriced, not by the token."),
        Column("blended_usd", PRICE, "Three tokens of input to one of output.", "USD per million tokens"),
        Column("is_free", FLAG, "Whether it is charged by the token alone, and every price is 0."),
        Column("abilities", TEXTS, "Flags that it has: tools, json_schema, vision, zdr, open_weights, ..."),
        Column("inabilities", TEXTS, "Flags that it lacks; of those in neither list nothing is known."),
        Column("reasoning", TEXT, "none, fixed (always on), configurable; null: not known."),
        Column("not_from_api", TEXTS, "Flags that a rule or a review decided, and not the API."),
        Column("names", TEXTS, "Further names that stand for it alone."),
        Column("replacement", TEXT, "Listed model that replaces one that is gone or about to go."),
        Column("replacement_kind", TEXT, "Who says so; same_family is advice only. See docs/catalog.md."),
    ),
    ("id",),
)

MODEL_VERSIONS = Table(
    "model_versions",
    "Every version of every line about a model, but for benchmarks",
    (Column("id", TEXT, "Model id."), FACET, *SPAN, ORIGIN, NAME, CONTEXT, MAX_OUTPUT, EXPIRES, JSON),
    ("id", "facet", "valid_from"),
)

ENDPOINTS = Table(
    "endpoints",
    "Every endpoint (a provider that serves a model) that was ever observed, with its last record",
    (
        *(*ENDPOINT, PROVIDER_NAME, *LIFE, CONTEXT, MAX_OUTPUT),
        *(QUANTIZATION, PARAMETERS, PROMPT_USD, COMPLETION_USD, JSON),
    ),
    ("model", "tag", "n"),
)

ENDPOINT_VERSIONS = Table(
    "endpoint_versions",
    "Every version of every line about an endpoint, but for health",
    (*ENDPOINT, FACET, *SPAN, ORIGIN, PROVIDER_NAME, CONTEXT, MAX_OUTPUT, QUANTIZATION, JSON),
    ("model", "tag", "n", "facet", "valid_from"),
)

PROVIDERS = Table(
    "providers",
    "Every provider that was ever listed, with its last record",
    (
        Column("slug", TEXT, "Slug of the provider."),
        NAME,
        *LIFE,
        Column("headquarters", TEXT, "Country code."),
        Column("datacenters", TEXTS, "Country codes."),
        Column("privacy_policy_url", TEXT, "Address."),
        Column("terms_of_service_url", TEXT, "Address."),
        Column("status_page_url", TEXT, "Address."),
        JSON,
    ),
    ("slug",),
)

PRICES = Table(
    "prices",
    "Every price of a model or an endpoint, with the hours and the conditions in which it held",
    (
        Column("feed", TEXT, "models: the list price of a model; endpoints: the price of an endpoint."),
        Column("model", TEXT, "Model id."),
        Column("tag", TEXT, "Tag of the endpoint; '' for the price of a model."),
        Column("n", INTEGER, "Number of the endpoint among those with its tag; 0 for the price of a model."),
        Column("provider", TEXT, "Slug of the provider; null for the price of a model."),
        Column("dimension", TEXT, "What is charged: prompt, completion, request, image, web_search, ..."),
        Column("unit", TEXT, "What the price is per: token, request, image, search; null: not stated."),
        Column("price_usd", PRICE, "Exact; -1: dynamic; null: too many digits.", "USD per unit"),
        Column("price_sent", TEXT, "The price as it was sent."),
        Column("condition", TEXT, "'', or the conditions of an override as JSON; columns below have them."),
        Column("position", INTEGER, "Of prices that hold at the same time the one with the highest counts."),
        Column("is_readable", FLAG, "False: it has a condition of unknown meaning, and never counts."),
        Column(
            "min_prompt_tokens", INTEGER, "It holds for prompts longer than this; null: for all.", "tokens"
        ),
        Column("utc_start_minute", INTEGER, "Begin of the daily window, UTC.", "minutes since midnight"),
        Column(
            "utc_end_minute",
            INTEGER,
            "Its end, not included; may be past midnight.",
            "minutes since midnight",
        ),
        Column("utc_days", TEXTS, "Weekdays, in English and lower case; null: every day."),
        *SPAN,
    ),
    ("feed", "model", "tag", "n", "dimension", "condition", "valid_from"),
)

EVENTS = Table(
    "events",
    "Every change that means something",
    (
        Column("hour", TIME, "Hour in which it became known."),
        Column("position", INTEGER, "Counts the events of an hour, from 0."),
        Column("after", TIME, "It happened later than this hour; null: unknown."),
        Column("by", TIME, "It happened not later than in this hour."),
        Column(
            "kind", TEXT, "added, missing, repriced, joined, left, ...: see docs/index.md of the project."
        ),
        Column("feed", TEXT, "Feed of the record."),
        Column("key", TEXT, "Key of the record in words; of field_appeared and field_vanished a field path."),
        Column("model", TEXT, "Model id, where the record is about a model."),
        Column("tag", TEXT, "Tag, where the record is an endpoint."),
        Column(
            "n", INTEGER, "Number among the endpoints with the same tag, where the record is an endpoint."
        ),
        Column("provider", TEXT, "Slug of the provider, where the record is an endpoint or a provider."),
        Column("field", TEXT, "Field of the record; '' where the kind says it."),
        Column("old", TEXT, "Value before, as JSON."),
        Column("new", TEXT, "Value after, as JSON."),
        Column("old_usd", PRICE, "Price before, where it has no conditions.", "USD per unit"),
        Column("new_usd", PRICE, "Price after, where it has no conditions.", "USD per unit"),
        Column("percent", MEASURE, "Change of the price.", "percent"),
        Column("cause", TEXT, "Of prices: endpoint, provider, schedule, unknown; see docs/index.md."),
        ORIGIN,
    ),
    ("hour", "position"),
    period="year",
)

COVERAGE = Table(
    "coverage",
    "How each feed was read, by attempt: what is missing here was not observed",
    (
        Column("feed", TEXT, "Name of the feed."),
        Column("hour", TIME, "Hour that the attempt archived."),
        Column("attempt", INTEGER, "Number of the attempt within its hour, from 1."),
        Column("outcome", TEXT, "ok, partial, quarantined, failed."),
        Column("is_good", FLAG, "Whether the read counts, but for its kept keys."),
        Column("since", TIME, "Hour in which the oldest response may have been made."),
        Column("started", TIME, "When the attempt began."),
        Column("finished", TIME, "When it ended."),
        ORIGIN,
        Column("scope", TEXT, "Route and query, which say what the feed can contain."),
        Column("records", INTEGER, "Records after the attempt."),
        Column("requests", INTEGER, "Requests."),
        Column("retries", INTEGER, "Repeated requests among these."),
        Column("limited", INTEGER, "Requests that were answered with 429."),
        Column("seconds", MEASURE, "Duration.", "seconds"),
        Column("age", INTEGER, "Largest age of a response.", "seconds"),
        Column("kept", TEXT, "JSON: keys that were not read, whose records stayed -> reason."),
        Column("reasons", TEXT, "JSON list."),
        Column("notes", TEXT, "JSON list."),
        Column("sha256", TEXT, "Hash of the feed's files after the attempt."),
        Column("commit_id", TEXT, "Commit whose files are the state after it."),
        Column("source_commit", TEXT, "Of imports: the commit in the other repository."),
    ),
    ("feed", "hour", "attempt"),
)

RANKINGS = Table(
    "rankings",
    "Input and output tokens by model and date, as OpenRouter last published them",
    (
        Column(
            "series", TEXT, "models (all), modality, context: exact; category, language: sampled, by week."
        ),
        Column("slice", TEXT, "Value of the series' parameter; '' for all."),
        Column("date", DATE, "A UTC day, or the Monday of a week."),
        Column("permaslug", TEXT, "Canonical slug of the model with its variant; other: the rest."),
        Column("tokens", INTEGER, "Input and output.", "tokens"),
        Column("as_of", TEXT, "Date of the figures according to the service, for the citation."),
    ),
    ("series", "slice", "date", "permaslug"),
    period="year",
    licence="rankings",
)

ORDERS = Table(
    "orders",
    "Models in the order of their use in the week before, without figures, of the last 36 days",
    (
        Column("hour", TIME, "Hour that was archived."),
        Column("slice", TEXT, "Category; '' for all."),
        Column("rank", INTEGER, "From 1."),
        Column("model", TEXT, "Model id."),
    ),
    ("slice", "hour", "rank"),
)

HEALTH_DAYS = Table(
    "health_days",
    "Health of endpoints by UTC day",
    (
        *ENDPOINT,
        Column("day", DATE, "UTC day."),
        Column("hours", INTEGER, "Hours in which it was read.", "hours"),
        Column("abnormal_hours", INTEGER, "Of these, hours with a status other than 0.", "hours"),
        Column("uptime_hours", INTEGER, "Of these, hours with an uptime of the last 30 minutes.", "hours"),
        Column("uptime_mean", MEASURE, "Mean of these uptimes.", "percent"),
        Column("uptime_min", MEASURE, "Least of these uptimes.", "percent"),
        Column("latency_hours", INTEGER, "Hours with a median latency and throughput.", "hours"),
        Column("latency_mean", MEASURE, "Mean of these median latencies.", "milliseconds to the first token"),
        Column("throughput_mean", MEASURE, "Mean of these median throughputs.", "output tokens per second"),
    ),
    ("model", "tag", "n", "day"),
    period="year",
)

UPTIME_WINDOWS = ("5 minutes", "30 minutes", "a day")
DISTRIBUTION_UNITS = ("milliseconds to the first token", "output tokens per second")

HEALTH = Table(
    "health",
    "Health of endpoints as it was read, by attempt",
    (
        *ENDPOINT,
        Column("hour", TIME, "Hour that the attempt archived."),
        Column("attempt", INTEGER, "Number of the attempt within its hour, from 1."),
        Column(
            "fresh",
            FLAG,
            "False: the endpoint was not read in this attempt, and the values are older. Null: unknown, for"
            " the attempt repairs one whose health is lost.",
        ),
        Column(STATUS, INTEGER, "0 is normal; OpenRouter does not document the negative values."),
        *(
            Column(name, MEASURE, f"Share of requests that succeeded, {window}.", "percent")
            for name, window in zip(UPTIMES, UPTIME_WINDOWS, strict=True)
        ),
        *(
            Column(f"{name}_{percentile}", MEASURE, f"{percentile} of {name}.", unit)
            for name, unit in zip(DISTRIBUTIONS, DISTRIBUTION_UNITS, strict=True)
            for percentile in PERCENTILES
        ),
        Column("extra", TEXT, "JSON: fields, as sent, that are in no other column or do not fit its type."),
    ),
    ("model", "tag", "n", "hour", "attempt"),
    period="month",
)

TABLES = (
    *(MODELS, CATALOG, MODEL_VERSIONS, ENDPOINTS, ENDPOINT_VERSIONS, PROVIDERS, PRICES, EVENTS, COVERAGE),
    *(RANKINGS, ORDERS, HEALTH_DAYS, HEALTH),
)
