"""Which logs a resource sends to the workload's workspace, and that a setting elsewhere, switched off or unread is none."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.coverage import Gap
from scanner.model.resource import Resource
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import Unknown
from scanner.rules.shapes import WorkloadShape
from tests.facts.snapshots import DENIED, GROUP, SUBSCRIPTION, derive, resource, rid, snapshot

Json = Any
SETTINGS = "Microsoft.Insights/diagnosticSettings"
LOGS = "Microsoft.OperationalInsights/workspaces"
LOG = rid(LOGS, "log")
VAULT = rid("Microsoft.KeyVault/vaults", "kv")
INSIGHTS = rid("Microsoft.Insights/components", "appi")
WORKSPACE = rid("Microsoft.MachineLearningServices/workspaces", "mlw")
SITE = rid("Microsoft.Web/sites", "app")
VAULT_CATEGORIES = ["AuditEvent", "AzurePolicyEvaluationDetails"]


def category(name: str, *, enabled: Json = True) -> dict[str, Json]:
    return {"category": name, "enabled": enabled}


def group(name: str, *, enabled: Json = True) -> dict[str, Json]:
    return {"categoryGroup": name, "enabled": enabled}


def setting(of: str, *logs: Json, name: str = "d", to: Json = LOG) -> dict[str, Json]:
    # Azure returns the id of a setting in lower case.
    return resource(
        f"{of.lower()}/providers/microsoft.insights/diagnosticSettings/{name}", {"workspaceId": to, "logs": list(logs)}
    )


def documents(*bodies: dict[str, Json], gaps: tuple[Gap, ...] = ()) -> dict[str, Resource]:
    return {item.judged_id: item for item in derive("diagnostics", snapshot(resource(LOG, {}), *bodies, gaps=gaps))}


def missing(of: str, *settings: dict[str, Json], gaps: tuple[Gap, ...] = ()) -> Json:
    return documents(resource(of, {}), *settings, gaps=gaps)[of].body["missing"]


def test_a_document_says_what_is_expected_collected_missing_and_where_it_goes() -> None:
    archive = rid("Microsoft.Storage/storageAccounts", "archive")
    second = resource(f"{VAULT}/providers/{SETTINGS}/archive", {"storageAccountId": archive, "logs": [group("allLogs")]})
    found = documents(resource(VAULT, {}), setting(VAULT, category("auditevent")), second)[VAULT]
    assert found.body == {
        "resourceId": VAULT,
        "resourceName": "kv",
        "resourceType": "Microsoft.KeyVault/vaults",
        "expected": ["allLogs"],
        "collected": ["auditevent"],
        "missing": ["AzurePolicyEvaluationDetails"],
        "settingId": setting(VAULT)["id"],
        "extendedLogs": [category("auditevent"), category("AzurePolicyEvaluationDetails")],
        "destinations": [LOG, archive],
        "settings": 2,
    }


@pytest.mark.parametrize(
    ("logs", "expected"),
    [
        ([group("ALLLOGS")], []),
        ([category("AuditEvent"), category("azurepolicyevaluationdetails")], []),
        ([category("AuditEvent"), category("AzurePolicyEvaluationDetails", enabled=False)], ["AzurePolicyEvaluationDetails"]),
        ([group("allLogs", enabled=False)], VAULT_CATEGORIES),
        ([group("allLogs", enabled="true")], []),
        ([None, "odd", {"category": 5, "enabled": True}], VAULT_CATEGORIES),
        ([], VAULT_CATEGORIES),
    ],
)
def test_a_group_stands_for_its_members_and_what_is_switched_off_does_not_count(logs: list[Json], expected: Json) -> None:
    assert missing(VAULT, setting(VAULT, *logs)) == expected


def test_settings_of_a_resource_are_united() -> None:
    first, second = (setting(VAULT, category(name), name=name) for name in VAULT_CATEGORIES)
    assert missing(VAULT, first, second) == []


@pytest.mark.parametrize("elsewhere", [None, rid(LOGS, "other", f"{SUBSCRIPTION}/resourceGroups/hub"), 5])
def test_only_the_workspace_of_the_workload_counts(elsewhere: Json) -> None:
    assert missing(VAULT, setting(VAULT, group("allLogs"), to=elsewhere)) == VAULT_CATEGORIES
    assert missing(VAULT, setting(VAULT, group("allLogs"), to=LOG.upper())) == []


def test_what_the_group_audit_holds_is_not_published_so_that_it_decides_only_where_it_is_asked_for() -> None:
    assert missing(VAULT, setting(VAULT, group("audit"))) == Unknown.because(
        "whether the group audit of this type holds AuditEvent, AzurePolicyEvaluationDetails is not known"
    )
    assert missing(VAULT, setting(VAULT, group("audit"), category("AuditEvent"))) == Unknown.because(
        "whether the group audit of this type holds AzurePolicyEvaluationDetails is not known"
    )
    assert missing(WORKSPACE, setting(WORKSPACE, group("Audit"))) == []


def test_categories_of_a_type_whose_categories_are_not_all_known_are_unknown() -> None:
    assert missing(INSIGHTS, setting(INSIGHTS, category("AppTraces"))) == Unknown.because(
        "which categories make up the group allLogs of this type is not known"
    )
    assert missing(INSIGHTS) == ["allLogs"]
    assert missing(WORKSPACE, setting(WORKSPACE, group("allLogs"))) == []


def test_a_type_without_groups_is_asked_for_by_category() -> None:
    wanted = ["AppServiceHTTPLogs", "AppServiceConsoleLogs", "AppServiceAppLogs", "AppServicePlatformLogs"]
    assert missing(SITE, setting(SITE, category(wanted[0]), category(wanted[2]))) == [wanted[1], wanted[3]]


def test_settings_that_were_not_read_matter_only_where_something_is_missing() -> None:
    refused = (Gap(VAULT, SETTINGS, DENIED),)
    assert missing(VAULT, gaps=refused) == Unknown.because(f"{SETTINGS} could not be read: {DENIED}")
    assert missing(VAULT, setting(VAULT, group("allLogs")), gaps=refused) == []


def test_a_setting_of_an_odd_shape_is_a_doubt() -> None:
    no_list = setting(VAULT)
    no_list["properties"]["logs"] = {"odd": 1}
    without_properties = resource(f"{VAULT}/providers/{SETTINGS}/d")
    assert [isinstance(missing(VAULT, odd), Unknown) for odd in (no_list, without_properties)] == [True, True]


def test_blob_and_file_services_are_judged_and_their_account_is_not() -> None:
    account = rid("Microsoft.Storage/storageAccounts", "st")
    blob = f"{account}/blobServices/default"
    found = documents(resource(account, {}), resource(blob, {}))
    assert (account in found, found[blob].body["missing"]) == (False, ["StorageRead", "StorageWrite", "StorageDelete"])


def test_a_type_that_could_not_be_listed_has_a_document_that_says_so() -> None:
    found = derive("diagnostics", snapshot(gaps=[Gap(SUBSCRIPTION, "Microsoft.KeyVault/vaults", DENIED)]))
    reason = Unknown.because(f"Microsoft.KeyVault/vaults could not be read: {DENIED}")
    assert [(item.judged_id, item.subject, item.body["missing"]) for item in found] == [
        (SUBSCRIPTION, "Microsoft.KeyVault/vaults", reason)
    ]


def of_vault(of: Snapshot, *workloads: WorkloadShape) -> Json:
    return next(item.body["missing"] for item in derive("diagnostics", of, *workloads) if item.judged_id == VAULT)


def test_without_knowing_the_workspace_nothing_is_known_and_without_one_nothing_is_collected() -> None:
    bodies = (resource(VAULT, {}), setting(VAULT, group("allLogs")))
    two = snapshot(*bodies, resource(LOG, {}), resource(rid(LOGS, "second"), {}))
    refused = snapshot(*bodies, gaps=[Gap(SUBSCRIPTION, LOGS, DENIED)])
    elsewhere = WorkloadShape(name="x", scopes=[f"{SUBSCRIPTION}/resourceGroups/other"])
    assert [isinstance(of_vault(of), Unknown) for of in (two, refused)] == [True, True]
    assert of_vault(snapshot(*bodies, resource(LOG, {})), elsewhere) == Unknown.because(
        "the resource lies in no workload, so its log workspace is not known"
    )
    assert of_vault(snapshot(*bodies)) == VAULT_CATEGORIES


def test_each_workload_has_its_own_workspace() -> None:
    other = f"{SUBSCRIPTION}/resourceGroups/other"
    of = snapshot(
        resource(VAULT, {}), setting(VAULT, group("allLogs"), to=rid(LOGS, "log", other)),
        resource(LOG, {}), resource(rid(LOGS, "log", other), {}),
    )  # fmt: skip
    here, there = (WorkloadShape(name=name, scopes=[scope]) for name, scope in (("here", GROUP), ("there", other)))
    assert of_vault(of, here, there) == VAULT_CATEGORIES


def activity_log(to: Json = LOG) -> dict[str, Json]:
    logs = [category(name) for name in ("Administrative", "Security", "Policy", "Alert")]
    return resource(f"{SUBSCRIPTION.lstrip('/')}/providers/{SETTINGS}/d", {"workspaceId": to, "logs": logs})


def of_subscription(*bodies: dict[str, Json], gaps: tuple[Gap, ...] = ()) -> Json:
    scopes = [f"{SUBSCRIPTION}/resourceGroups/{name}" for name in ("rg-chat", "other")]
    workloads = [WorkloadShape(name=scope, scopes=[scope]) for scope in scopes]
    of = snapshot({"id": SUBSCRIPTION}, resource(LOG, {}), *bodies, gaps=gaps)
    found = derive("diagnostics", of, *workloads)
    return next(item.body["missing"] for item in found if item.judged_id == SUBSCRIPTION)


def test_the_activity_log_of_a_subscription_may_go_to_the_workspace_of_any_workload_in_it() -> None:
    second = rid(LOGS, "second", f"{SUBSCRIPTION}/resourceGroups/other")
    third = resource(rid(LOGS, "third", f"{SUBSCRIPTION}/resourceGroups/other"), {})
    assert of_subscription(resource(second, {}), activity_log(second)) == []
    assert of_subscription(resource(second, {}), activity_log(f"{second}2")) == ["Administrative", "Security", "Policy", "Alert"]
    assert isinstance(of_subscription(resource(second, {}), third, activity_log()), Unknown)


def test_settings_that_could_not_be_read_elsewhere_say_nothing_of_a_subscription() -> None:
    refused = (Gap(VAULT, SETTINGS, DENIED),)
    assert of_subscription(gaps=refused) == ["Administrative", "Security", "Policy", "Alert"]


@pytest.mark.parametrize(
    ("logs", "extended"),
    [
        ([category("AUDITEVENT", enabled=False)], [category(name) for name in VAULT_CATEGORIES]),
        ([{**category("AuditEvent"), "retentionPolicy": {"days": 0}}],
         [{**category("AuditEvent"), "retentionPolicy": {"days": 0}}, category("AzurePolicyEvaluationDetails")]),
        ([group("audit", enabled=False), category("AuditEvent")], None),
        ([], [category(name) for name in VAULT_CATEGORIES]),
    ],
)  # fmt: skip
def test_a_setting_of_categories_is_extended_by_what_is_missing(logs: Json, extended: Json) -> None:
    found = documents(resource(VAULT, {}), setting(VAULT, *logs), setting(VAULT, name="e", to="/elsewhere"))[VAULT].body
    assert (found.get("settingId"), found.get("extendedLogs")) == (setting(VAULT)["id"] if extended else None, extended)


def test_nothing_is_extended_where_nothing_is_missing_or_nothing_is_sent_there() -> None:
    whole = documents(resource(VAULT, {}), setting(VAULT, *map(category, VAULT_CATEGORIES)))[VAULT].body
    elsewhere = documents(resource(VAULT, {}), setting(VAULT, category("AuditEvent"), to="/elsewhere"))[VAULT].body
    assert "settingId" not in whole
    assert "settingId" not in elsewhere
