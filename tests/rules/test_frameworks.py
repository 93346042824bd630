"""The mappings of rules to frameworks name controls that those frameworks have.

The benchmark's ids are those that Azure Policy's initiative for it lists; NIST's are families of SP 800-53 r5 with a number, and
perhaps an enhancement; CIS's are numbers of the version that `framework_title` names.
"""

from __future__ import annotations

import re

import pytest

from scanner.facts import FACT_PATHS
from scanner.report.words import framework_title
from scanner.rules import load_baseline, load_rules
from scanner.rules.rule import Rule

BENCHMARK = {"NS": 10, "DP": 8, "IM": 9, "PA": 8, "PV": 7, "LT": 7, "AM": 5, "ES": 3, "BR": 4, "IR": 7, "DS": 7, "GS": 10}
NIST = {
    "AC": 25, "AT": 6, "AU": 16, "CA": 9, "CM": 14, "CP": 13, "IA": 12, "IR": 9, "MA": 7, "MP": 8, "PE": 23, "PL": 11, "PM": 32,
    "PS": 9, "PT": 8, "RA": 10, "SA": 23, "SC": 51, "SI": 23, "SR": 12,
}  # fmt: skip
#: Of version 5.0.0, those that rules map to; look one up in the benchmark before it goes here.
CIS = {
    *("5.27", "6.1.1.1", "6.1.1.2", "6.1.1.4", "6.1.1.6", "6.1.3.1", "6.1.4", "6.1.5", "6.2"),
    *(
        "7.1",
        "7.2",
        "7.7",
        "7.10",
        "7.11",
        "7.12",
        "8.3.1",
        "8.3.2",
        "8.3.3",
        "8.3.4",
        "8.3.5",
        "8.3.6",
        "8.3.7",
        "8.3.8",
        "8.3.9",
    ),
    *("8.4.1", "8.5", "9.3.1.1", "9.3.1.2", "9.3.1.3", "9.3.2.1", "9.3.2.2", "9.3.2.3", "9.3.4", "9.3.6", "9.3.8"),
}
RULES = load_rules([], load_baseline("openai-chat"), fact_paths=FACT_PATHS).rules


def is_numbered(text: str, families: dict[str, int], pattern: str) -> bool:
    found = re.fullmatch(pattern, text)
    return found is not None and 1 <= int(found[2]) <= families.get(found[1], 0)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_each_id_is_one_that_its_framework_has(rule: Rule) -> None:
    unknown = [
        *set(rule.frameworks) - {"MCSB", "NIST-800-53", "CIS-Azure"},
        *(item for item in rule.frameworks.get("MCSB", []) if not is_numbered(item, BENCHMARK, r"([A-Z]{2})-(\d+)")),
        *(
            item
            for item in rule.frameworks.get("NIST-800-53", [])
            if not is_numbered(item, NIST, r"([A-Z]{2})-(\d+)(\([1-9]\d?\))?")
        ),
        *set(rule.frameworks.get("CIS-Azure", [])) - CIS,
    ]
    assert unknown == [], "these are no ids of the versions that framework_title names; look them up there"
    assert all(ids and ids == sorted(set(ids), key=ids.index) for ids in rule.frameworks.values())


def test_each_framework_is_named_with_its_version() -> None:
    titles = {name: framework_title(name) for name in ("MCSB", "NIST-800-53", "CIS-Azure")}
    assert all(re.search(r"\b(v1|r5|v5\.0\.0)$", title) for title in titles.values())
