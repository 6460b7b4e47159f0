"""The state of the service at some point of the script, and how its lists follow from its endpoints."""

from dataclasses import dataclass, field

from orarchive.sample import catalogue
from orarchive.sample.catalogue import Row

MODERATING = frozenset({"amazon-bedrock", "anthropic", "cohere", "openai"})


@dataclass
class State:
    """The catalogue after some happenings; an absent row is known to the service but not served.

    Keys of all kinds share `absent`; they cannot collide: a slug has no `/`, only an endpoint key has `@`.
    """

    models: dict[str, Row]
    endpoints: dict[str, Row]
    providers: dict[str, Row]
    absent: set[str]
    top: dict[str, str] = field(default_factory=dict)
    """Model id -> key of the endpoint that was moved above the first one."""
    unlisted: set[str] = field(default_factory=set)
    """Absent models that still answer to their id."""
    renamed: dict[str, str] = field(default_factory=dict)
    """Old model id -> new model id."""
    degraded: dict[str, int] = field(default_factory=dict)
    """Slug of a failing provider -> the status of its endpoints."""
    categories: list[str] = field(default_factory=lambda: list(catalogue.CATEGORIES))

    def find_row(self, key: str) -> Row:
        """Return the record with this key, of any kind; raise KeyError if there is none."""
        for rows in (self.models, self.endpoints, self.providers):
            if key in rows:
                return rows[key]
        raise KeyError(key)

    def list_endpoints(self, model: str) -> dict[str, Row]:
        """Return the endpoints that serve a model now, by key, the top endpoint first."""
        serving = {
            key: row
            for key, row in self.endpoints.items()
            if row["model"] == model and key not in self.absent
        }
        top = self.top.get(model)
        return {top: serving[top], **serving} if top in serving else serving

    def list_provider_keys(self, provider: str) -> list[str]:
        """Return the keys of all endpoints that a provider has, absent or not."""
        return [key for key, row in self.endpoints.items() if get_provider_slug(row) == provider]

    def derive_models(self) -> None:
        """Update each model from its endpoints, if it has any, and each alias from its target."""
        for model in self.models.values():
            if rows := list(self.list_endpoints(model["id"]).values()):
                model.update(_derive_fields(rows))
        for alias in self.models.values():
            if target := alias.get("alias_target"):
                model = self.models[target["slug"]]
                for name in ("pricing", "top_provider", "supported_parameters", "context_length"):
                    alias[name] = model[name]


def build_first_state() -> State:
    """Return the catalogue as it is on the first day."""
    models = catalogue.load_models()
    endpoints = catalogue.load_endpoints(models)
    providers = catalogue.load_providers()
    rows = {**models, **endpoints, **providers}
    absent = {key for key, row in rows.items() if row.get("later")}
    state = State(models, endpoints, providers, absent)
    state.derive_models()
    return state


def get_provider_slug(endpoint: Row) -> str:
    """Return the provider's slug in an endpoint's tag: the part before the `/`."""
    return str(endpoint["tag"]).partition("/")[0]


def _derive_fields(rows: list[Row]) -> Row:
    """Return the fields of a model that come from its endpoints: most from the first, parameters from all."""
    top = rows[0]
    return {
        "pricing": {name: price for name, price in top["pricing"].items() if name != "discount"},
        "top_provider": {
            "context_length": top["context_length"],
            "max_completion_tokens": top["max_completion_tokens"],
            "is_moderated": get_provider_slug(top) in MODERATING,
        },
        "supported_parameters": sorted({name for row in rows for name in row["supported_parameters"]}),
    }
