"""A plan made by hand whose names and values attack every language that a plan is rendered in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scanner.model.result import ScanInfo
from scanner.model.unknown import ABSENT
from scanner.remediation.operations import Change, Kind, Operation, changed
from scanner.remediation.plan import Covered, Manual, Plan, Proof, ProofState, Seen, Step
from scanner.remediation.undo import undone

Json = Any

SUBSCRIPTION = "/subscriptions/11111111-1111-1111-1111-111111111111"
OTHER = "/subscriptions/22222222-2222-2222-2222-222222222222"
#: A resource group that no shell, string or comment may run.
HOSTILE = "$(touch pwned)'\";`id`${x}%{y}#\u2019"
GROUP = f"{SUBSCRIPTION}/resourceGroups/{HOSTILE}"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stdata"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-data"
LOCK = f"{STORAGE}/providers/Microsoft.Authorization/locks/driftline-keep"
RULE = f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg-app/securityRules/ssh"
SEARCH = f"{OTHER}/resourceGroups/rg-other/providers/Microsoft.Search/searchServices/srch"

#: Texts with a meaning in PowerShell, HCL, ARM's expressions, Markdown, HTML or a terminal.
TEXTS = (
    "it's", "''", "'", "\u2018 \u2019 \u201a \u201b '", "$(Remove-Item x)", "$env:PATH", "`n`$x", "a\nb\r\n\tc", '"quoted"', "\\", '\\"',
    "${var.x}", "$${x}", "$$${x}", "%{ if true }x%{ endif }", "%%{x}", "$", "%", "$}%}", "[concat('x', 'y')]", "[[literal]", "[", "]",
    "# comment", "*/ //", "'@\nRemove-Item x\n@'", '"@', "<#", "#>", "--%", "; exit", "@{a=1}", "| out", "<script>alert(1)</script>",
    "![x](http://a/b)", "\u202egnp.exe", "caf\u00e9 \u65e5\u672c", "\x07\x1b[31m", "%2e%2e", "(not removed)", "\U0001f600", " lead ", "",
    "EOT\n<<EOT\nx", "'; Write-Host pwned; '", "\u2028x",
)  # fmt: skip
TAGS: dict[str, Json] = {f"tag {at} {text}".strip(): text for at, text in enumerate(TEXTS)}


def scan(**changes: Json) -> ScanInfo:
    made = ScanInfo(
        id="scan-1", started="2026-11-02T03:04:05Z", finished="2026-11-02T03:05:05Z", version="1.0.0", baseline="openai-chat",
        environment="production", source_kind="snapshot", scopes=(SUBSCRIPTION,), complete=True, rules_hash="r", baseline_hash="b",
    )  # fmt: skip
    return replace(made, **changes)


def set_step(step_id: str, resource: str, body: Json, *changes: Change, **members: Json) -> Step:
    """A step that sets values of a resource that was scanned as `body`."""
    return step(step_id, Operation(Kind.SET, resource, "2024-01-01", changes, whole=changed(body, changes)), **members)


def step(step_id: str, operation: Operation, **members: Json) -> Step:
    """A proven step with its way back."""
    undo, note = undone(operation)
    given = {
        "title": f"Mend {operation.resource.rpartition('/')[2]}", "rules": ("NET-002",), "findings": (f"f-{step_id}",),
        "disrupts": "none", "proof": ProofState.PROVEN, "undo": undo, "undo_note": note, **members,
    }  # fmt: skip
    return Step(id=step_id, operation=operation, **given)


STORED: dict[str, Json] = {
    "id": STORAGE, "name": "stdata", "type": "Microsoft.Storage/storageAccounts", "location": "westeurope", "tags": {"kept": "[x]"},
    "sku": {"name": "Standard_LRS", "tier": "Standard"}, "kind": "StorageV2",
    "properties": {
        "provisioningState": "Succeeded", "allowBlobPublicAccess": True,
        "networkAcls": {"defaultAction": "Allow", "ipRules": [{"value": "1.2.3.4"}, {"value": "5.6.7.8"}]},
    },
}  # fmt: skip
KEPT: dict[str, Json] = {
    "id": VAULT, "name": "kv-data", "type": "Microsoft.KeyVault/vaults", "location": "westeurope",
    "properties": {"tenantId": "33333333-3333-3333-3333-333333333333", "sku": {"family": "A", "name": "standard"}, "secret": "(removed: secret)"},
}  # fmt: skip
OPEN: dict[str, Json] = {"name": "ssh", "properties": {"access": "Allow", "priority": 100, "direction": "Inbound"}}


def steps() -> tuple[Step, ...]:
    """Every kind of operation, hostile throughout; one not proven, one that waits, one without a way back."""
    return (
        step(
            "step-001", Operation(Kind.CREATE, LOCK, "2020-05-01", body={"properties": {"level": "CanNotDelete", "notes": TEXTS[9]}}),
            title="Lock it\n# exit '@ \u2019; Write-Host pwned",
        ),
        set_step(
            "step-002", STORAGE, STORED,
            Change(("tags",), {"kept": "[x]"}, {**TAGS, "kept": "[x]"}),
            Change(("properties", "allowBlobPublicAccess"), True, False),
            Change(("properties", "networkAcls", "ipRules"), [{"value": "1.2.3.4"}, {"value": "5.6.7.8"}], [{"value": "1.2.3.4"}]),
            Change(("properties", "minimumTlsVersion"), ABSENT, "TLS1_2"),
            disrupts="possible", disrupts_text="Clients on 5.6.7.8 lose access", after=("step-001",), rules=("NET-002", "DATA-001"),
        ),
        set_step(
            "step-003", VAULT, KEPT, Change(("properties", "enablePurgeProtection"), ABSENT, True),
            undo=None, undo_note="Azure never takes purge protection back", proof=ProofState.UNTRIED,
            waits_for=("OPS-001: a person names the owner (kv-data)",),
        ),
        step("step-004", Operation(Kind.ACTION, STORAGE, "2024-01-01", action="regenerateKey", body={"keyName": "key1"}), disrupts="yes"),
        step("step-005", Operation(Kind.REMOVE, RULE, "2024-05-01", body={"properties": OPEN["properties"]}), after=("step-002",)),
        step(
            "step-006", Operation(Kind.CREATE, SEARCH, "2025-05-01", body={
                "location": "westeurope", "tags": {"a": "[b]", "c": "${d}"}, "sku": {"name": "basic"},
                "identity": {"type": "SystemAssigned,UserAssigned", "userAssignedIdentities": {f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id": {}}},
                "properties": {"replicaCount": 3, "publicNetworkAccess": "disabled", "hostingMode": "[default]"},
            }),
            proof=ProofState.FAILED, proof_note="NET-009 fails after it",
        ),
    )  # fmt: skip


def plan(**changes: Json) -> Plan:
    """The whole plan."""
    made = Plan(
        scan=scan(),
        steps=steps(),
        manual=(
            Manual("OPS-001", "f-m1", VAULT, "Name an owner", "Set the tag `owner` | to <b>one</b> of:", ("a|b", "[c](http://d)"), "it needs a decision here"),
        ),
        covered=(Covered("NET-010", "f-c1", STORAGE, ("NET-002",)),),
        left=("f-l1", "f-l2"),
        proof=Proof("simulator", fixed=(Seen(STORAGE, "NET-002 passes"),), still_failing=(Seen(SEARCH, "NET-009 fails after it", rule="NET-009"),)),
    )  # fmt: skip
    return replace(made, **changes)
