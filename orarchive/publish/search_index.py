"""The search: its program, and the index of models, labs, providers and pages by columns, in one script.

A page that was opened from a file may load a script, but not fetch JSON. Entries of a kind are in the order
in which equal matches are shown. A column has "" where an entry has no value.
"""

import re
from collections.abc import Sequence
from math import inf

from orarchive.catalog.names import OPENROUTER, REVIEWED
from orarchive.domain.foreign_text import escape_invisible
from orarchive.publish.amounts import format_amount
from orarchive.publish.render import TEMPLATES, format_long_day
from orarchive.publish.sanitize import to_safe_json
from orarchive.publish.views import View
from orarchive.publish.views.models import ModelView
from orarchive.publish.views.replacements import build_replacement_link
from orarchive.publish.views.site import SECTIONS, PagePaths

SEARCH_PATH = "search.js"

NAMES_OF_PEOPLE = (OPENROUTER, REVIEWED)
"""Kinds of further names that are searched; the others are made of the id by rules."""

PAGE_WORDS = {
    "models": "filter context tools vision reasoning",
    "prices": "price cheapest cuts rises cost",
    "picks": "best cheapest fastest",
    "providers": "zero data retention zdr privacy uptime latency speed",
    "zero-retention": "zdr privacy data",
    "compare": "cost calculator versus",
    "rankings": "usage popular tokens",
    "graveyard": "gone removed deprecated expiring",
    "days": "history past date",
    "data": "api download csv json rss",
}
"""Folder of a page, or the name of a choice of filters -> further words that find it."""

ZERO_RETENTION = ("zero-retention", "Models with zero data retention", "Models", "models/index.html?has=zdr")
"""A choice of filters of the list of models that people search for."""

UNLISTED = "unlisted"
"""State of a lab or a provider without a listed model: it comes after those that have some."""

WORD = re.compile(r"[a-z]+|\d+")

Columns = dict[str, list[str]]


def render_search_index(view: View, paths: PagePaths) -> bytes:
    """Return the script: the program, and a call with the columns of each kind."""
    kinds = {
        "model": _list_models(view, paths),
        "lab": _list_labs(view, paths),
        "provider": _list_providers(view, paths),
        "page": _list_pages(has_zdr=bool(view.totals["zdr"])),
    }
    program = (TEMPLATES / "scripts" / "search.js").read_bytes()
    return program + b"setIndex(" + to_safe_json(kinds).rstrip() + b");\n"


def _list_models(view: View, paths: PagePaths) -> Columns:
    """Return the columns of the models: the listed first, bases before variants, by use, then by release."""
    names = {model.model.name for model in view.models}
    models = sorted(view.models, key=lambda model: _get_order(view, model, names))
    columns = _list_columns(
        [
            (model.model.id, model.model.name, describe_input_price(model), paths.models[model.model.id])
            for model in models
        ],
        "models/",
    )
    columns["state"] = ["" if model.is_there else model.states[0] for model in models]
    columns["last"] = [format_long_day(model.entry.last) if model.entry.last else "" for model in models]
    columns["next"] = [_describe_replacement(view, model) for model in models]
    columns["also"] = [escape_invisible(_list_further_names(view, model)) for model in models]
    return columns


def _get_order(view: View, model: ModelView, names: set[str]) -> tuple[bool, bool, float, float, str]:
    """Return what models are sorted by; without a rank or a release they come last.

    A model whose name is that of another with words in brackets, `Opus 5 (Fast)`, counts as a variant.
    """
    info = view.catalog.source.models.get(model.model.id)
    rank = info.rank if info else None
    released = model.model.created.timestamp() if model.model.created else 0
    return (
        not model.is_there,
        bool(model.model.variant) or model.model.name.rpartition(" (")[0] in names,
        inf if rank is None else rank,
        -released,
        model.model.id,
    )


def _describe_replacement(view: View, model: ModelView) -> str:
    """Return the name of what replaces a model that is gone, with "perhaps" where the archive guesses."""
    link = None if model.is_there else build_replacement_link(view.catalog, model.model.id)
    return f"{'' if link.source else 'perhaps '}{escape_invisible(link.name)}" if link else ""


def _list_further_names(view: View, model: ModelView) -> str:
    """Return the further names whose words the id and the name of the model lack."""
    names = [
        name.name
        for name in view.catalog.names.by_model.get(model.model.id, [])
        if name.kind in NAMES_OF_PEOPLE
    ]
    words = {*WORD.findall(f"{model.model.id} {model.model.name}".lower())}
    return " ".join(name for name in names if not words.issuperset(WORD.findall(name)))


def _list_labs(view: View, paths: PagePaths) -> Columns:
    """Return the columns of the labs: those with the most listed models first."""
    counts = {lab.name: len(lab.models) for lab in view.lab_views}
    labs = sorted(view.lab_views, key=lambda lab: -counts[lab.name])
    facts = view.catalog.labs
    rows = [
        (
            lab.name,
            (facts[lab.name].name if lab.name in facts else None) or lab.name,
            _count_models("lab", counts[lab.name]),
            paths.labs[lab.name],
        )
        for lab in labs
    ]
    columns = _list_columns(rows, "labs/")
    columns["state"] = ["" if counts[lab.name] else UNLISTED for lab in labs]
    return columns


def _list_providers(view: View, paths: PagePaths) -> Columns:
    """Return the columns of the providers: those with the most models first."""
    counts = {
        provider.slug: len({serving.model.model.id for serving in provider.servings})
        for provider in view.providers
    }
    providers = sorted(view.providers, key=lambda provider: -counts[provider.slug])
    rows = [
        (each.slug, each.name, _count_models("provider", counts[each.slug]), paths.providers[each.slug])
        for each in providers
    ]
    columns = _list_columns(rows, "providers/")
    columns["state"] = ["" if counts[each.slug] else UNLISTED for each in providers]
    return columns


def _count_models(kind: str, count: int) -> str:
    """Say what an entry is, for a lab and a provider may have one name, and how many models it has now."""
    return f"{kind}, {count or 'no'} model{'' if count == 1 else 's'}{'' if count else ' now'}"


def _list_pages(has_zdr: bool) -> Columns:
    pages = {"index.html": ("index.html", "Home", "", "index.html")}
    for label, entries in SECTIONS:
        for folder, name in entries:  # a page of two sections is found in the first one
            pages.setdefault(folder, (folder, name, "" if name == label else label, f"{folder}/index.html"))
    if has_zdr:
        # Before the other pages, for the list of providers has the same words.
        pages = {ZERO_RETENTION[0]: ZERO_RETENTION, **pages}
    columns = _list_columns([*pages.values()], "")
    columns["also"] = [PAGE_WORDS.get(folder, "") for folder in pages]
    return columns


def _list_columns(rows: Sequence[tuple[str, str, str, str]], folder: str) -> Columns:
    """Return the columns of entries: id, name, note, and the path where the id does not give it."""
    expected = [f"{folder}{key.replace(':', '/', 1)}/index.html" for key, *_ in rows]
    return {
        "id": [escape_invisible(key) for key, *_ in rows],
        "name": [escape_invisible(name) for _, name, *_ in rows],
        "note": [note for _, _, note, _ in rows],
        "path": ["" if path == usual else path for (*_, path), usual in zip(rows, expected, strict=True)],
    }


def describe_input_price(view: ModelView) -> str:
    """Return a model's input price, "" where there is none to state."""
    price, _ = view.price_cells
    if price.price is None or price.is_elsewhere:
        return ""
    if view.is_free:
        return "free"
    amounts = [amount for amount in (price.price, price.highest) if amount is not None]
    return f"{' to '.join(format_amount(amount, price.dimension) for amount in amounts)} in"
