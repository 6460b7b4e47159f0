"""Labs: what is known of the makers of models, with the source of each fact."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from orarchive.catalog.data_files import LabRow, load_rows
from orarchive.catalog.source import CatalogModel, CatalogSource
from orarchive.domain.records import as_text
from orarchive.jsonl import Record

LABS_FILE = "labs.toml"


@dataclass(frozen=True)
class Lab:
    """The maker of models; a fact without a source is None."""

    slug: str
    name: str | None
    """Display name: what stands before the colon in the names of its models, else the name of the provider
    that is the lab itself, else its own spelling of its slug in Hugging Face ids."""
    provider: str | None
    """Slug of the provider that is the lab itself, where there is one."""
    country: str | None
    """Country code of that provider's headquarters."""
    hugging_face: str | None
    """Organisation under which its models are published."""
    website: str | None
    founded: int | None
    sources: Mapping[str, str]
    """Field -> `api`, or the address where it was read."""


@cache
def read_own_providers() -> dict[str, str]:
    """Return by lab the slug of the provider that it is itself, where that differs from the lab's."""
    return {row.slug: row.provider for row in load_rows(LABS_FILE, "lab", LabRow) if row.provider}


def build_labs(source: CatalogSource) -> dict[str, Lab]:
    """Return every lab that ever had a model, by slug."""
    rows = {row.slug: row for row in load_rows(LABS_FILE, "lab", LabRow)}
    by_lab: dict[str, list[CatalogModel]] = defaultdict(list)
    for model in source.models.values():
        by_lab[model.model.lab].append(model)
    return {
        slug: _build_lab(rows.get(slug, LabRow(slug)), by_lab[slug], source.providers)
        for slug in sorted(by_lab)
    }


def _build_lab(row: LabRow, models: list[CatalogModel], providers: Mapping[str, Record]) -> Lab:
    slug = row.provider or row.slug
    provider = providers.get(slug)
    organisation = _find_organisation(models)
    spelling = organisation if organisation and organisation.lower() == row.slug.lower() else None
    provider_name = as_text(provider.get("name")) if provider else None
    facts = {
        "name": _find_name(models) or provider_name or spelling,
        "country": as_text(provider.get("headquarters")) if provider else None,
        "hugging_face": organisation,
    }
    sources = {field: "api" for field, value in facts.items() if value}
    for field in ("name", "country", "hugging_face", "website", "founded"):
        value = getattr(row, field)
        if value is not None and not facts.get(field):
            facts[field] = value
            sources[field] = row.source_url or ""
    return Lab(
        slug=row.slug,
        provider=slug if provider else None,
        sources=sources,
        name=facts["name"],
        country=facts["country"],
        hugging_face=facts["hugging_face"],
        website=row.website,
        founded=row.founded,
    )


def _find_name(models: list[CatalogModel]) -> str | None:
    """Return what stands before the colon in most names of listed models of a lab, else of all its models."""
    listed = [model for model in models if model.is_listed]
    for group in (listed, models):
        names = [model.model.name.partition(": ") for model in group]
        counts = Counter(name for name, colon, _ in names if colon)
        if counts:
            return max(counts, key=lambda name: counts[name])
    return None


def _find_organisation(models: Iterable[CatalogModel]) -> str | None:
    """Return the organisation that most Hugging Face ids of a lab's models have."""
    ids = {model.model.hugging_face for model in models if "/" in (model.model.hugging_face or "")}
    counts = Counter(name.partition("/")[0] for name in sorted(filter(None, ids)))
    return max(counts, key=lambda name: counts[name], default=None)
