"""What Azure Policy finds, as Resource Graph's table `policyresources` tells it: how to ask, and what is kept of a row.

The members of `properties` are those of the API's example; published queries of the table name them too, no recorded row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from scanner.model.read_plan import POLICY_STATES

__all__ = ["state_body", "states_query"]

Json = Any
#: What is kept of a state of a policy.
_STATE: Final = ("resourceId", "complianceState", "policyAssignmentId", "policyDefinitionId", "policyDefinitionReferenceId")


def states_query(scope: str, definitions: Iterable[str]) -> str:
    """What is found below a scope by definitions, whatever it is."""
    names = ", ".join(f"'{_unquoted(name).lower()}'" for name in sorted(definitions))
    return (
        "policyresources | where type =~ 'microsoft.policyinsights/policystates'"
        f" | where tostring(properties.policyDefinitionId) in~ ({names})"
        f" | where tostring(properties.resourceId) startswith '{_unquoted(scope)}'"
        " | project id, properties | order by id asc"
    )


def _unquoted(text: str) -> str:
    """No id holds a quote, so none can end the text of a query early once it is gone."""
    return text.replace(chr(39), "").replace("\\", "")


def state_body(row: Mapping[str, Json], scope: str) -> dict[str, Json]:
    """A state as a resource of its own below the scope, by what it is of. What is not needed is not kept."""
    given = row.get("properties")
    found = {key.lower(): value for key, value in given.items()} if isinstance(given, Mapping) else {}
    properties = {name: found.get(name.lower()) for name in _STATE}
    own = hashlib.sha256(repr([row.get("id"), *properties.values()]).lower().encode()).hexdigest()[:32]
    return {"id": f"{scope}/providers/{POLICY_STATES}/{own}", "type": POLICY_STATES, "properties": properties}
