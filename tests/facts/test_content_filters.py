"""What a content filter would have to state to hold what the baseline asks for."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.unknown import Unknown
from scanner.rules.shapes import WorkloadShape
from tests.facts.snapshots import SUBSCRIPTION, derive, resource, rid, snapshot

Json = Any
DEPLOYMENT = rid("Microsoft.CognitiveServices/accounts/deployments", "oai/chat")
POLICY = rid("Microsoft.CognitiveServices/accounts/raiPolicies", "oai/own")
HARMS = ("hate", "sexual", "selfharm", "violence")
STRICT = [
    {"name": name, "source": source, "enabled": True, "blocking": True, "severityThreshold": "Low"}
    for name in HARMS
    for source in ("Prompt", "Completion")
]
OTHERS = [
    {"name": name, "source": source, "enabled": True, "blocking": True}
    for name, source in (("jailbreak", "Prompt"), ("profanity", "Prompt"), ("profanity", "Completion"))
]


def mended(filters: Json, *, parameters: Json = None, **properties: Json) -> Json:
    bodies = [
        resource(DEPLOYMENT, {"raiPolicyName": "own"}),
        resource(POLICY, {"mode": "Default", "contentFilters": filters, **properties}),
    ]
    workload = WorkloadShape(name="chat", scopes=[SUBSCRIPTION], parameters=parameters or {})
    (found,) = derive("contentFilter", snapshot(*bodies), workload)
    assert found.body["policyId"] == POLICY
    return found.body["mended"]


def test_what_holds_stays_as_it_is_whatever_the_order_and_spelling() -> None:
    spelled = [{**STRICT[0], "name": "Hate", "source": "prompt"}, *STRICT[1:], *OTHERS, {"name": "protected_material_code"}]
    assert mended(spelled[::-1]) == spelled[::-1]


def test_only_what_is_missing_is_changed_and_added() -> None:
    lax = {**STRICT[0], "severityThreshold": "High"}
    old = {**STRICT[1], "allowedContentLevel": "Medium"}
    del old["severityThreshold"]
    annotating = {**OTHERS[0], "blocking": False}
    found = mended([lax, old, *STRICT[2:], annotating])
    assert found == [*STRICT, *OTHERS]


def test_what_is_stricter_than_agreed_is_kept() -> None:
    assert mended([*STRICT, *OTHERS], parameters={"harmThreshold": "High"}) == [*STRICT, *OTHERS]
    lax = [{**item, "severityThreshold": "High"} for item in STRICT]
    assert mended([*lax, *OTHERS], parameters={"harmThreshold": "Medium"})[0]["severityThreshold"] == "Medium"


def test_blocklists_on_both_sources_stand_for_profanity_and_indirect_attacks_are_asked_for_by_a_parameter() -> None:
    lists = [{"blocklistName": "words", "source": source, "blocking": True} for source in ("Prompt", "Completion")]
    assert mended([*STRICT, OTHERS[0]], customBlocklists=lists) == [*STRICT, OTHERS[0]]
    added = mended([*STRICT, *OTHERS], parameters={"indirectAttackRequired": True})[-1]
    assert added == {"name": "indirect_attack", "source": "Prompt", "enabled": True, "blocking": True}


@pytest.mark.parametrize("odd", [{"enabled": 7}, {"severityThreshold": "Strict"}, {"enabled": False, "action": "ANNOTATING"}])
def test_what_cannot_be_judged_is_left_to_people(odd: Json) -> None:
    assert isinstance(mended([{**STRICT[0], **odd}, *STRICT[1:], *OTHERS]), Unknown)


@pytest.mark.parametrize("odd", [5, "Low", [7], [None], {"hate": STRICT[0]}])
def test_filters_that_are_no_list_of_objects_are_left_to_people(odd: Json) -> None:
    assert isinstance(mended(odd), Unknown)


def test_a_missing_base_policy_may_hold_what_the_policy_does_not_state() -> None:
    assert isinstance(mended(STRICT, basePolicyName="gone"), Unknown)
