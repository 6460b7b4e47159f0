"""The list that ids are checked by: every id that was ever listed, with its state, as one small file."""

from orarchive.catalog.catalog import Catalog
from orarchive.catalog.comparison import DEARER
from orarchive.catalog.id_check import FORMAT
from orarchive.catalog.redirects import SAME_FAMILY
from orarchive.jsonl import Record
from orarchive.timestamps import format_stamp


def build_check_list(catalog: Catalog) -> Record:
    """Return the list of an hour as a JSON object, `api/v1/check.json` at the site.

    `alive` has the listed ids without an expiration date, `expires` those with one, by id, and `gone` the
    last day on which others were listed. `slugs` are the permanent names of models, which requests may have
    in place of the ids that they lead to. `replacements` are of ids that are gone or expire, and `dearer` has
    those of them whose replacement costs more; `advice` has those whose replacement only follows from a rule.
    """
    redirects = catalog.redirects.by_source
    models = sorted(catalog.models.values(), key=lambda model: model.id)
    listed = [model for model in models if model.last_seen is None]
    return {
        "format": FORMAT,
        "as_of": format_stamp(catalog.hour),
        "alive": [model.id for model in listed if model.expires is None],
        "expires": {model.id: model.expires.isoformat() for model in listed if model.expires},
        "gone": {model.id: f"{model.last_seen:%Y-%m-%d}" for model in models if model.last_seen},
        "slugs": list_permanent_names(catalog),
        "replacements": {source: redirects[source].target for source in sorted(redirects)},
        "dearer": sorted(source for source, redirect in redirects.items() if redirect.price == DEARER),
        "advice": sorted(source for source, redirect in redirects.items() if redirect.kind == SAME_FAMILY),
    }


def list_permanent_names(catalog: Catalog) -> dict[str, str]:
    """Return the id that each permanent name leads to, a listed one before one that is gone."""
    names: dict[str, str] = {}
    for model in sorted(catalog.models.values(), key=lambda model: (model.last_seen is not None, model.id)):
        if not model.variant and model.variant_group not in catalog.models:
            names.setdefault(model.variant_group, model.id)
    return names
