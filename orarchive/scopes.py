"""Scopes: what a feed can contain depends on what was asked, and only hours of equal scope compare."""

from urllib.parse import parse_qsl

from orarchive.jsonl import Record
from orarchive.records import part, texts


def can_hold(scope: str, record: Record) -> bool | None:
    """Whether a scope, route and query, can contain a record; None where that cannot be said.

    Of conditions only the models' `output_modalities` is understood; without it the service means text. Old
    records name no modalities.
    """
    query = dict(parse_qsl(scope.partition("?")[2]))
    wanted = set(query.pop("output_modalities", "text").split(","))
    outputs = {*texts(part(record, "architecture").get("output_modalities"))}
    if "all" not in wanted and outputs and not wanted & outputs:
        return False
    return None if query or not outputs else True
