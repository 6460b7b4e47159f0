"""The expressions of GitHub's workflows, as far as ours use them: what is not understood is an error."""

import re
from collections.abc import Mapping
from typing import Any

Known = Mapping[str, Mapping[str, Any]]
"""The contexts of an expression: `steps`, `needs`, `inputs`, `vars`, `secrets`, `github`, `matrix`."""

WORD = re.compile(r"\s*('(?:[^']|'')*'|[A-Za-z_][\w.-]*(?:\(\))?|&&|\|\||==|!=|[!()])")


def value(expression: str, known: Known, status: Mapping[str, bool]) -> Any:
    """What an expression says; `status` are the answers of success() and its like. A missing name is ''."""
    left = _tokens(expression)

    def either() -> Any:
        found = both()
        while left[:1] == ["||"]:
            left.pop(0)
            other = both()
            found = found or other
        return found

    def both() -> Any:
        found = compared()
        while left[:1] == ["&&"]:
            left.pop(0)
            other = compared()
            found = found and other
        return found

    def compared() -> Any:
        found = single()
        if left[:1] in (["=="], ["!="]):
            same = left.pop(0) == "=="
            return _equal(found, single()) is same
        return found

    def single() -> Any:
        token = left.pop(0) if left else ""
        if token == "!":
            return not single()
        if token == "(":
            found = either()
            if not left or left.pop(0) != ")":
                raise ValueError(f"not closed: {expression}")
            return found
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token in status:
            return status[token]
        return _named(token, known)

    found = either()
    if left:
        raise ValueError(f"not understood: {' '.join(left)!r} in {expression}")
    return found


def _tokens(expression: str) -> list[str]:
    if WORD.sub("", expression).strip():
        raise ValueError(f"not understood: {expression}")
    return WORD.findall(expression)


def _named(name: str, known: Known) -> Any:
    context, *path = name.split(".")
    if context not in known or not path:
        raise ValueError(f"no such name: {name!r}")
    found: Any = known[context]
    for part in path:
        found = found.get(part, "") if isinstance(found, Mapping) else ""
    return found


def _equal(one: Any, other: Any) -> bool:
    """Texts are equal in any case; GitHub makes numbers of what differs in kind, which is refused here."""
    if not (isinstance(one, str) and isinstance(other, str)):
        raise ValueError(f"only texts are compared here, not {one!r} and {other!r}")
    return one.casefold() == other.casefold()


def filled(text: Any, known: Known) -> str:
    """A value of the YAML with its expressions filled in; truths are words."""
    if isinstance(text, bool):
        return str(text).lower()

    def put(match: re.Match[str]) -> str:
        found = value(match[1], known, {})
        return str(found).lower() if isinstance(found, bool) else str(found)

    return re.sub(r"\$\{\{(.*?)\}\}", put, str(text))


def wanted(condition: str | None, known: Known, failed: bool) -> bool:
    """Whether an `if` holds; one that asks for no status is true after a success only."""
    text = re.sub(r"^\s*\$\{\{(.*)\}\}\s*$", r"\1", condition or "success()")
    status = {"always()": True, "cancelled()": False, "success()": not failed, "failure()": failed}
    found = value(text, known, status)
    return bool(found) and (not failed or any(name in text for name in status))
