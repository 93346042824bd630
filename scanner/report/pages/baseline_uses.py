"""What of the baseline decides a rule: parameters and tables, and of a table the rows that are about what the rule judges."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from scanner.facts import FACTS, Fact
from scanner.model.resource import canonical_type
from scanner.rules.baseline import Baseline
from scanner.rules.rule import Rule

__all__ = ["facts_of", "parameters_of", "rows_of", "tables_of"]

Json = Any
_NAMED: Final = re.compile(r"baseline\('([^']+)'\)")


def facts_of(rule: Rule) -> list[Fact]:
    """The facts that a rule targets."""
    return [fact for name in rule.target.types if (fact := FACTS.get(canonical_type(name))) is not None]


def tables_of(rule: Rule) -> set[str]:
    """The tables that a rule names, and those of the facts that it targets."""
    return rule.uses.tables.union(*(fact.tables for fact in facts_of(rule)))


def parameters_of(rule: Rule, baseline: Baseline) -> set[str]:
    """The parameters that a rule names, those of the facts that it targets, and those that the rows of their tables name."""
    rows = rows_of(rule, baseline)
    read = [rows.get(name, baseline.tables.get(name)) for name in tables_of(rule)]
    named = {name for table in read for text in _texts(table) for name in _NAMED.findall(text)}
    return rule.uses.parameters.union(named, *(fact.parameters for fact in facts_of(rule)))


def rows_of(rule: Rule, baseline: Baseline) -> dict[str, Json]:
    """By table the rows that hold a value to which the rule's target is narrowed; no entry where there are none."""
    values = {value for value in _compared(rule.written.get("target", {}).get("where")) if value}
    found: dict[str, Json] = {}
    for name in sorted(tables_of(rule)):
        table = baseline.tables.get(name)
        if isinstance(table, Mapping):
            rows: Json = {key: row for key, row in table.items() if key in values}
        else:
            rows = [row for row in table or [] if isinstance(row, Mapping) and values & set(map(str, row.values()))]
        if rows:
            found[name] = rows
    return found


def _compared(condition: Json) -> Iterator[str]:
    """The texts that a condition compares with, to be equal."""
    if isinstance(condition, Mapping):
        for key, value in condition.items():
            if key in {"equals", "in"}:
                yield from (item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str))
            elif key in {"allOf", "anyOf"}:
                yield from (text for item in value for text in _compared(item))


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _texts(item)
