"""The changes that the script is made of: each function returns a change of the state of one key."""

from collections.abc import Callable
from typing import Any

from orarchive.sample.state import State

Change = Callable[[State, str], None]


def set_prices(**prices: Any) -> Change:
    """Set prices of an endpoint (strings, USD a token), `discount` or `overrides`; None removes one."""

    def change(state: State, key: str) -> None:
        pricing = state.find_row(key)["pricing"] | prices
        pricing = {name: price for name, price in pricing.items() if price is not None}
        state.find_row(key)["pricing"] = pricing

    return change


def set_fields(**fields: Any) -> Change:
    """Set fields of a record."""
    return lambda state, key: state.find_row(key).update(fields)


def remove() -> Change:
    """Take a record out of every list."""
    return lambda state, key: state.absent.add(key)


def unlist() -> Change:
    """Take a model out of every list; a request for its id is still answered."""

    def change(state: State, key: str) -> None:
        state.absent.add(key)
        state.unlisted.add(key)

    return change


def add() -> Change:
    """Add a record, for the first time or again."""

    def change(state: State, key: str) -> None:
        state.absent.discard(key)
        state.unlisted.discard(key)

    return change


def remove_endpoints() -> Change:
    """Take all endpoints from a model, which stays in the list with its last price."""
    return lambda state, key: state.absent.update(state.list_endpoints(key))


def move_to_top() -> Change:
    """Move an endpoint above all others of its model."""

    def change(state: State, key: str) -> None:
        state.top[state.endpoints[key]["model"]] = key

    return change


def rename(to: str) -> Change:
    """Give a model another id; its canonical slug stays."""

    def change(state: State, old: str) -> None:
        state.models = {to if key == old else key: row for key, row in state.models.items()}
        state.models[to]["id"] = to
        for row in state.endpoints.values():
            if row["model"] == old:
                row.update(model=to, model_id=to)
        new_keys = {
            key: key.replace(f"{old}@", f"{to}@") for key in state.endpoints if key.startswith(f"{old}@")
        }
        state.endpoints = {new_keys.get(key, key): row for key, row in state.endpoints.items()}
        state.renamed[old] = to

    return change


def point_alias(model: str) -> Change:
    """Point an alias at another model."""

    def change(state: State, key: str) -> None:
        state.models[key]["alias_target"] = {"slug": model, "name": state.models[model]["name"]}

    return change


def add_provider() -> Change:
    """Add a provider with its endpoints."""
    return lambda state, slug: state.absent.difference_update([slug, *state.list_provider_keys(slug)])


def remove_provider() -> Change:
    """Take out a provider with its endpoints."""
    return lambda state, slug: state.absent.update([slug, *state.list_provider_keys(slug)])


def degrade_provider(status: int) -> Change:
    """Let all endpoints of a provider fail often and report this status."""

    def change(state: State, slug: str) -> None:
        state.degraded[slug] = status

    return change


def restore_provider() -> Change:
    """Let the endpoints of a failing provider work again."""

    def change(state: State, slug: str) -> None:
        del state.degraded[slug]

    return change


def add_category() -> Change:
    """Add a category."""
    return lambda state, category: state.categories.append(category)


def remove_category() -> Change:
    """Remove a category."""
    return lambda state, category: state.categories.remove(category)


def add_endpoint_field(name: str, value: Any) -> Change:
    """Add a new field to every endpoint of one provider."""

    def change(state: State, slug: str) -> None:
        for key in state.list_provider_keys(slug):
            state.endpoints[key][name] = value

    return change


def add_model_field(name: str, value: Any) -> Change:
    """Add a new field to every model of one lab."""

    def change(state: State, lab: str) -> None:
        for model in state.models.values():
            if model["id"].startswith(f"{lab}/"):
                model[name] = value

    return change
