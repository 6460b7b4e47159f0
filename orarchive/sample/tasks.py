"""Tasks that models are used for: their shares in the sampled traffic of the last seven days."""

from datetime import date

from orarchive.sample.catalogue import Row
from orarchive.sample.drift import draw
from orarchive.sample.usage import DAY, count_tokens
from orarchive.sample.world import World

MACROS = {"code": "Code", "data": "Data", "agent": "Agent", "general": "General"}
TAGS = {
    "code:general_impl": "Code Generation",
    "code:debugging": "Debugging",
    "code:review": "Code Review",
    "code:tests": "Test Writing",
    "data:extraction": "Data Extraction",
    "data:analysis": "Data Analysis",
    "data:sql": "Database Queries",
    "agent:web_search": "Web Search",
    "agent:tool_use": "Tool Use",
    "agent:planning": "Planning",
    "general:chat": "Conversation",
    "general:summarization": "Summarization",
    "general:translation": "Translation",
    "general:writing": "Writing",
}
MODELS_PER_TAG = 5
KINDS = ("usage", "token")
"""Kinds of shares: of requests, and of tokens."""


def answer_task_classifications(world: World, params: Row) -> Row:
    """Return yesterday's shares (0 to 1) of each tag in all traffic and in its macro category.

    Each tag comes with its most used models.
    """
    day = world.hour.date() - DAY
    weights = {kind: {tag: _draw_weight(tag, kind, day) for tag in TAGS} for kind in KINDS}
    slugs = sorted(count_tokens(day, world.hour) or count_tokens(day - DAY, world.hour))
    macros = [
        {"key": key, "label": label}
        | {f"{kind}_share": _compute_share(weights[kind], f"{key}:", "") for kind in KINDS}
        for key, label in MACROS.items()
    ]
    return {
        "data": {
            "window_days": int(params["window"].removesuffix("d")),
            "as_of": str(day),
            "classifications": [_classify(tag, weights, slugs, day) for tag in TAGS],
            "macro_categories": macros,
        }
    }


def _classify(tag: str, weights: dict[str, dict[str, float]], slugs: list[str], day: date) -> Row:
    """Return the row of one tag; `weights` are those of all tags by kind of share."""
    macro = tag.partition(":")[0]
    shares = {f"{kind}_share": _compute_share(weights[kind], tag, "") for kind in KINDS}
    macro_shares = {
        f"category_{kind}_share": _compute_share(weights[kind], tag, f"{macro}:") for kind in KINDS
    }
    head = {"tag": tag, "display_name": TAGS[tag], "macro_category": macro}
    return head | shares | macro_shares | {"models": _rank_models(tag, slugs, day)}


def _rank_models(tag: str, slugs: list[str], day: date) -> list[Row]:
    """Return the models most used for a tag, by requests."""
    weights = {kind: {slug: _draw_weight(f"{tag} {slug}", kind, day) for slug in slugs} for kind in KINDS}
    ranked = sorted(slugs, key=lambda slug: (-weights["usage"][slug], slug))
    sums = {kind: sum(weights[kind].values()) for kind in KINDS}
    return [
        {"id": slug} | {f"tag_{kind}_share": round(weights[kind][slug] / sums[kind], 6) for kind in KINDS}
        for slug in ranked[:MODELS_PER_TAG]
    ]


def _compute_share(weights: dict[str, float], prefix: str, total_prefix: str) -> float:
    """Return the share of the tags that begin with `prefix` in those that begin with `total_prefix`."""

    def weigh(start: str) -> float:
        return sum(weight for tag, weight in weights.items() if tag.startswith(start))

    return round(weigh(prefix) / weigh(total_prefix), 6)


def _draw_weight(name: str, kind: str, day: date) -> float:
    """Return the weight of a name among its like: its size, a little more or less each day."""
    luck = draw(name, kind)
    return 0.01 + luck * luck * (0.95 + 0.1 * draw(name, kind, day))
