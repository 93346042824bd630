"""Rule packs and baselines: loaded, held against their shapes and the path table, compiled; every fault with file and line."""

from __future__ import annotations

from scanner.rules.baseline import Baseline, Component, load_baseline
from scanner.rules.cases import Case, CaseFile, Expectation, load_cases
from scanner.rules.loader import load_rules
from scanner.rules.rule import Each, Rule, RuleFix, Target, UnknownWhen
from scanner.rules.rule_set import Join, Relation, RuleSet

__all__ = [
    "Baseline",
    "Case",
    "CaseFile",
    "Component",
    "Each",
    "Expectation",
    "Join",
    "Relation",
    "Rule",
    "RuleFix",
    "RuleSet",
    "Target",
    "UnknownWhen",
    "load_baseline",
    "load_cases",
    "load_rules",
]
