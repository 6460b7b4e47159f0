"""Expressions of GitHub workflows, as far as our workflows use them; any other syntax is a ValueError."""

import re
from collections.abc import Mapping
from typing import Any

Contexts = Mapping[str, Mapping[str, Any]]
"""The contexts of an expression: `steps`, `needs`, `inputs`, `vars`, `secrets`, `github`, `matrix`."""

NAME = r"[A-Za-z_][\w.-]*"
COMPARISON = re.compile(rf"({NAME}) (==|!=) (?:'([^']*)'|({NAME}))")


def evaluate(expression: str, contexts: Contexts, status: Mapping[str, bool]) -> Any:
    """Return the value of an expression: terms joined by `&&` and `||`, without parentheses.

    `&&` and `||` return one of their operands, as on GitHub. `status` holds the results of `always()` and
    `cancelled()`. A member that a context lacks is ''.
    """
    alternatives = []
    for alternative in expression.split("||"):
        values = [_evaluate_term(term.strip(), contexts, status) for term in alternative.split("&&")]
        alternatives.append(next((value for value in values if not value), values[-1]))
    return next((value for value in alternatives if value), alternatives[-1])


def _evaluate_term(term: str, contexts: Contexts, status: Mapping[str, bool]) -> Any:
    """Return the value of a comparison with a text or a name, of a call, of a negated call, or of a name."""
    if comparison := COMPARISON.fullmatch(term):
        name, operator, text, other = comparison.groups()
        text = str(_read_name(other, contexts)) if other else text
        return (str(_read_name(name, contexts)).casefold() == text.casefold()) is (operator == "==")
    call = term.removeprefix("!")
    if call in status:
        return status[call] is (call == term)
    return _read_name(term, contexts)


def _read_name(name: str, contexts: Contexts) -> Any:
    """Return a member of a context, such as `steps.archive.outputs.hours`."""
    context, *path = name.split(".")
    if not re.fullmatch(NAME, name) or context not in contexts or not path:
        raise ValueError(f"unknown expression: {name!r}")
    value: Any = contexts[context]
    for part in path:
        value = value.get(part, "") if isinstance(value, Mapping) else ""
    return value


def fill(text: Any, contexts: Contexts) -> str:
    """Return a value of the YAML as a text, with its expressions replaced by their values."""

    def replace(match: re.Match[str]) -> str:
        return _format(evaluate(match[1].strip(), contexts, {}))

    return re.sub(r"\$\{\{(.*?)\}\}", replace, _format(text))


def _format(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_met(
    condition: str | None, contexts: Contexts, has_failed: bool = False, is_cancelled: bool = False
) -> bool:
    """Return whether an `if` holds.

    After a failure or a cancellation only one that calls `always()` or `cancelled()` can.
    """
    status = {"always()": True, "cancelled()": is_cancelled}
    if (has_failed or is_cancelled) and not any(call in (condition or "") for call in status):
        return False
    expression = re.sub(r"^\$\{\{(.*)\}\}$", r"\1", condition or "always()")
    return bool(evaluate(expression.strip(), contexts, status))
