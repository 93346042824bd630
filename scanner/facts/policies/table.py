"""The rows of the table `policies`: what built-in policies must watch, and for whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from scanner.facts.fact import FactContext
from scanner.facts.parameters import TableValues
from scanner.language.expressions import ExpressionError
from scanner.model.resource import make_resource
from scanner.model.resource_id import are_related, normalise
from scanner.model.unknown import Truth, Unknown, any_of
from scanner.rules.baseline import Baseline

__all__ = ["PolicyRow", "counted_effects", "definition_ids", "demanded", "policy_rows"]

Json = Any
#: Where built-in definitions stand: at the tenant, below no subscription.
_BUILT_IN: Final = "/providers/Microsoft.Authorization/policyDefinitions/"


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A row: what it watches, the ids of the definitions of which one is enough, and for whom (`when`, an expression)."""

    name: str
    kind: str
    subject: str
    definitions: tuple[str, ...]
    when: Json

    @property
    def keys(self) -> frozenset[str]:
        """The ids of its definitions as compared."""
        return frozenset(map(normalise, self.definitions))


def policy_rows(baseline: Baseline) -> list[PolicyRow]:
    """The rows of the table, in its order."""
    rows = _table(baseline).get("rows")
    return [_row(item) for item in rows if isinstance(item, Mapping)] if isinstance(rows, list) else []


def definition_ids(baseline: Baseline) -> frozenset[str]:
    """The ids of all definitions of the table."""
    return frozenset(name for row in policy_rows(baseline) for name in row.definitions)


def counted_effects(baseline: Baseline) -> frozenset[str]:
    """The effects that count, in lower case."""
    given = _table(baseline).get("effects")
    return frozenset(str(item).lower() for item in given) if isinstance(given, list) else frozenset()


def demanded(row: PolicyRow, scope: str, context: FactContext) -> Truth:
    """Whether the row is there for one of the workloads of a scope; for the baseline where none lies in it."""
    here = [
        workload.parameters
        for workload in context.workloads
        if any(are_related(normalise(own), normalise(scope)) for own in workload.scopes)
    ]
    return any_of(_holds(row, scope, parameters, context) for parameters in here or [context.baseline.parameters])


def _holds(row: PolicyRow, scope: str, parameters: Mapping[str, Json], context: FactContext) -> Truth:
    try:
        found = TableValues(context, parameters).value(row.when, make_resource({"id": scope}))
    except ExpressionError as error:
        return Unknown.because(f"row {row.name} of the table policies: {error}")
    return found if isinstance(found, bool | Unknown) else Unknown.because(f"{row.when} is neither true nor false")


def _table(baseline: Baseline) -> Mapping[str, Json]:
    table = baseline.tables.get("policies")
    return table if isinstance(table, Mapping) else {}


def _row(item: Mapping[str, Json]) -> PolicyRow:
    given = item.get("definitions")
    names = [str(name) for name in given] if isinstance(given, list) else []
    spelled = tuple(name if name.startswith("/") else f"{_BUILT_IN}{name}" for name in names)
    name, kind, subject = (str(item.get(key, "")) for key in ("row", "kind", "subject"))
    return PolicyRow(name, kind, subject, spelled, item.get("when", True))
