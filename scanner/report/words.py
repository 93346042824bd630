"""Words that every text format shares: ids as a person knows them, values and evidence in one line, nothing that bites."""

from __future__ import annotations

import json
from typing import Any

from scanner.language.messages import printable
from scanner.model.finding import Evidence
from scanner.model.resource_id import ResourceId

__all__ = [
    "evidence_line",
    "expected_words",
    "family_title",
    "found_words",
    "framework_title",
    "is_id",
    "plain_value",
    "short_id",
]

Json = Any


def is_id(text: str) -> bool:
    """Whether a text is the id of a resource."""
    return text.startswith("/") and bool(ResourceId.parse(text).type)


def short_id(resource_id: str) -> str:
    """`rg-chat/sites/app` of a full id: group, last type segment, name; a parent's name stands before a child's."""
    parsed = ResourceId.parse(resource_id)
    if not parsed.type:
        return printable(resource_id)
    if parsed.type.lower().startswith("microsoft.resources/"):
        kind = "resource group" if parsed.resource_group else "subscription"
        return printable(f"{kind} {parsed.name}")
    segments = parsed.text.rpartition("/providers/")[2].split("/")[1:]
    names = "/".join(segments[1::2])
    return printable(f"{segments[-2]} {names}")


def plain_value(value: Json) -> str:
    """A JSON value as one line of text."""
    if value is None:
        return "absent"
    if isinstance(value, str):
        return short_id(value) if is_id(value) else printable(value)
    if isinstance(value, bool | int | float):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return printable(json.dumps(value, ensure_ascii=False))


def evidence_line(item: Evidence) -> str:
    """What was expected and what is there."""
    if not item.path:
        return printable(item.note)
    if item.operator == "counts":
        named = f" ({plain_value(item.actual)})" if item.actual is not None and not is_id(item.path) else ""
        return f"{plain_value(item.path)} counts{named}"
    tail = f" ({printable(item.note)})" if item.note and item.actual is not None else ""
    return f"{printable(item.path)} is {found_words(item)}, expected {expected_words(item)}{tail}"


def expected_words(item: Evidence) -> str:
    """What a leaf wants, with its operator in words."""
    return f"{_OPERATORS.get(item.operator, item.operator)} {_choices(item.expected)}".strip()


def found_words(item: Evidence) -> str:
    """What is there; where nothing is, what that means."""
    return printable(item.note if item.actual is None and item.note else plain_value(item.actual))


def family_title(family: str) -> str:
    """A family of rules as a reader knows it."""
    return _FAMILIES.get(family, family)


def framework_title(framework: str) -> str:
    """A framework that rules map to, as auditors know it, with the version that ids are of."""
    return _FRAMEWORKS.get(framework, framework)


def _choices(expected: Json) -> str:
    """Several accepted values as a sentence names them."""
    if expected == []:
        return "nothing"
    if isinstance(expected, list) and all(isinstance(item, str) for item in expected):
        return printable(", ".join(map(plain_value, expected)))
    return plain_value(expected)


_OPERATORS = {
    "equals": "",
    "notEquals": "not",
    "in": "one of",
    "notIn": "none of",
    "less": "less than",
    "lessOrEquals": "at most",
    "greater": "more than",
    "greaterOrEquals": "at least",
    "exists": "present:",
    "like": "like",
}
_FRAMEWORKS = {
    "MCSB": "Microsoft cloud security benchmark v1", "NIST-800-53": "NIST SP 800-53 r5",
    "CIS-Azure": "CIS Microsoft Azure Foundations Benchmark v5.0.0",
}  # fmt: skip
_FAMILIES = {
    "net": "Network perimeter", "pep": "Private connectivity", "nsg": "Traffic between segments", "iam": "Identity and access",
    "key": "Keys and local sign-in", "ai": "Model safety", "rel": "Reliability", "mon": "Monitoring", "gov": "Governance",
    "cost": "Cost", "ops": "Operations",
}  # fmt: skip
