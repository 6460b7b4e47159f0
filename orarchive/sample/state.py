"""What the service knows at some point of the script, and how its lists follow from its endpoints."""

from dataclasses import dataclass, field

from orarchive.sample import catalogue
from orarchive.sample.catalogue import Row

MODERATING = frozenset({"amazon-bedrock", "anthropic", "cohere", "openai"})


@dataclass
class State:
    """The catalogue after some happenings; a row that is away is known but not served.

    Keys of all kinds share `away`; they cannot collide: a slug has no `/`, only an endpoint key has `@`.
    """

    models: dict[str, Row]
    endpoints: dict[str, Row]
    providers: dict[str, Row]
    away: set[str]
    top: dict[str, str] = field(
        default_factory=dict
    )  # model id -> key of the endpoint lifted above the first one
    unlisted: set[str] = field(default_factory=set)  # models away that still answer to their id
    renamed: dict[str, str] = field(default_factory=dict)  # old id -> new id
    ill: dict[str, int] = field(default_factory=dict)  # provider slug -> status of its endpoints
    categories: list[str] = field(default_factory=lambda: list(catalogue.CATEGORIES))

    def row(self, key: str) -> Row:
        """The record with this key, of whatever kind."""
        for rows in (self.models, self.endpoints, self.providers):
            if key in rows:
                return rows[key]
        raise KeyError(key)

    def endpoints_of(self, model: str) -> dict[str, Row]:
        """The endpoints that serve a model now, the one on top first."""
        here = {
            key: row for key, row in self.endpoints.items() if row["model"] == model and key not in self.away
        }
        top = self.top.get(model)
        return {top: here[top], **here} if top in here else here

    def endpoints_by(self, provider: str) -> list[str]:
        """Keys of all endpoints a provider has, away or not."""
        return [key for key, row in self.endpoints.items() if slug_of(row) == provider]

    def settle(self) -> None:
        """Let each model follow its endpoints, if it has any, and each alias its target."""
        for model in self.models.values():
            if rows := list(self.endpoints_of(model["id"]).values()):
                model.update(_from_endpoints(rows))
        for alias in self.models.values():
            if target := alias.get("alias_target"):
                model = self.models[target["slug"]]
                for name in ("pricing", "top_provider", "supported_parameters", "context_length"):
                    alias[name] = model[name]


def starting_state() -> State:
    """The catalogue on the first day."""
    models = catalogue.models()
    endpoints = catalogue.endpoints(models)
    providers = catalogue.providers()
    rows = {**models, **endpoints, **providers}
    state = State(models, endpoints, providers, away={key for key, row in rows.items() if row.get("later")})
    state.settle()
    return state


def slug_of(endpoint: Row) -> str:
    """The provider's slug in an endpoint's tag."""
    return str(endpoint["tag"]).partition("/")[0]


def _from_endpoints(rows: list[Row]) -> Row:
    """The fields of a model that come from its endpoints: most from the first, the parameters from all."""
    top = rows[0]
    return {
        "pricing": {name: price for name, price in top["pricing"].items() if name != "discount"},
        "top_provider": {
            "context_length": top["context_length"],
            "max_completion_tokens": top["max_completion_tokens"],
            "is_moderated": slug_of(top) in MODERATING,
        },
        "supported_parameters": sorted({name for row in rows for name in row["supported_parameters"]}),
    }
