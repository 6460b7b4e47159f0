"""What models are used for: shares of tasks in the sampled traffic of the last seven days."""

from datetime import date

from orarchive.sample.catalogue import Row
from orarchive.sample.drift import draw
from orarchive.sample.usage import DAY, tokens
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
WINDOW_DAYS = 7
SHOWN_MODELS = 5
KINDS = ("usage", "token")  # of requests, and of tokens


def task_classifications(world: World, asked: Row) -> Row:
    """Shares (0 to 1) of each tag in all and in its macro category, its most used models; of yesterday."""
    day = world.hour.date() - DAY
    weights = {kind: {tag: _weight(tag, kind, day) for tag in TAGS} for kind in KINDS}
    used = sorted(tokens(day, world.hour) or tokens(day - DAY, world.hour))
    macros = [
        {"key": key, "label": label}
        | {f"{kind}_share": _share(weights[kind], f"{key}:", "") for kind in KINDS}
        for key, label in MACROS.items()
    ]
    return {
        "data": {
            "window_days": int(asked["window"].removesuffix("d")),
            "as_of": str(day),
            "classifications": [_classification(tag, weights, used, day) for tag in TAGS],
            "macro_categories": macros,
        }
    }


def _classification(tag: str, weights: dict[str, dict[str, float]], used: list[str], day: date) -> Row:
    macro = tag.partition(":")[0]
    of_all = {f"{kind}_share": _share(weights[kind], tag, "") for kind in KINDS}
    of_macro = {f"category_{kind}_share": _share(weights[kind], tag, f"{macro}:") for kind in KINDS}
    head = {"tag": tag, "display_name": TAGS[tag], "macro_category": macro}
    return head | of_all | of_macro | {"models": _models(tag, used, day)}


def _models(tag: str, used: list[str], day: date) -> list[Row]:
    """The models most used for a tag, by requests."""
    weights = {kind: {slug: _weight(f"{tag} {slug}", kind, day) for slug in used} for kind in KINDS}
    first = sorted(used, key=lambda slug: (-weights["usage"][slug], slug))[:SHOWN_MODELS]
    sums = {kind: sum(weights[kind].values()) for kind in KINDS}
    return [
        {"id": slug} | {f"tag_{kind}_share": round(weights[kind][slug] / sums[kind], 6) for kind in KINDS}
        for slug in first
    ]


def _share(weights: dict[str, float], part: str, whole: str) -> float:
    """What the tags that begin with `part` weigh of those that begin with `whole`."""

    def weigh(start: str) -> float:
        return sum(weight for tag, weight in weights.items() if tag.startswith(start))

    return round(weigh(part) / weigh(whole), 6)


def _weight(name: str, kind: str, day: date) -> float:
    """How much of something there is: its size, a little more or less each day."""
    luck = draw(name, kind)
    return 0.01 + luck * luck * (0.95 + 0.1 * draw(name, kind, day))
