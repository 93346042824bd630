"""What `driftline rules new` writes: a rule that loads at once, and its cases, which hold at once; both to be made one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from scanner.model.errors import DriftlineError

__all__ = ["scaffold_rule"]

_RULE: Final = """\
id: {id}
control: {id}
name: {name}
title: Storage account accepts HTTPS alone        # the compliant condition, the resource first
severity: medium                                  # critical high medium low info
pillar: security                                  # security reliability cost operations performance
section: Networking                               # heading of the reference architecture
frameworks: {{}}
rationale: Why it matters, in one sentence.
help: How it is judged, and what to do.
target:
  type: Microsoft.Storage/storageAccounts
unknown_when: []
assert: {{field: properties.supportsHttpsTrafficOnly, equals: true}}
message: "{{name}} accepts HTTP"
consequence_of: []
fix: null
"""

_CASES: Final = """\
- description: The compliant resource
  resources:
    - id: &id /subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st
      properties: {{supportsHttpsTrafficOnly: true}}
  expect: [{{rule: {id}, resource: ID, verdict: pass}}]
- description: The single break
  resources:
    - id: ID
      properties: {{supportsHttpsTrafficOnly: false}}
  expect: [{{rule: {id}, resource: ID, verdict: fail, actual: false}}]
- description: The property is absent
  resources:
    - {{id: ID, properties: {{}}}}
  expect: [{{rule: {id}, resource: ID, verdict: fail}}]
- description: Other letter case
  resources:
    - {{id: ID, Properties: {{SupportsHttpsTrafficOnly: "TRUE"}}}}
  expect: [{{rule: {id}, resource: ID, verdict: pass}}]
- description: The accounts could not be listed
  resources: []
  gaps: [{{what: Microsoft.Storage/storageAccounts, scope: /subscriptions/s, reason: 403 AuthorizationFailed}}]
  expect: [{{rule: {id}, resource: /subscriptions/s, verdict: unknown, reason: 403 AuthorizationFailed}}]
- description: The answer holds no properties
  resources:
    - {{id: ID}}
  expect: [{{rule: {id}, resource: ID, verdict: unknown}}]
"""
_RESOURCE: Final = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st"


def scaffold_rule(rule_id: str, directory: Path) -> tuple[Path, Path]:
    """Write a rule and its cases below a rule directory; their paths. Nothing is overwritten."""
    family = rule_id.partition("-")[0].lower()
    name = rule_id.lower()
    rule, cases = directory / family / f"{name}.yaml", directory / "tests" / family / f"{name}.yaml"
    for path in (rule, cases):
        if path.exists():
            raise DriftlineError(f"{path} is already there", hint="Choose another id, or edit the file.")
    texts = (_RULE.format(id=rule_id, name=name), _CASES.format(id=rule_id).replace("&id ", "").replace("ID", _RESOURCE))
    for path, text in zip((rule, cases), texts, strict=True):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise DriftlineError(f"{path} cannot be written: {error.strerror}") from error
    return rule, cases
