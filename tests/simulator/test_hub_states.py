"""States with further subscriptions and management groups."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from scanner.model.errors import ConfigurationError
from scanner.simulator.access import allows
from scanner.simulator.states import deploy_state

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
SPOKE = "/subscriptions/5d0c1a52-7f3e-4c0b-9a55-2f1f3c9d1e01"
CONNECTIVITY = "/subscriptions/5d0c1a52-7f3e-4c0b-9a55-2f1f3c9d1e02"


def test_a_scan_of_a_state_is_of_the_workload_alone() -> None:
    assert list(deploy_state("enterprise", NOW).subscriptions) == [SPOKE.rpartition("/")[2]]


def test_templates_go_where_the_state_says() -> None:
    store = deploy_state("enterprise", NOW).store
    assert {item.id.subscription for item in store.of_type("Microsoft.Network/bastionHosts")} == {CONNECTIVITY[15:]}
    assert len(list(store.of_type("Microsoft.Network/privateDnsZones", f"{CONNECTIVITY}/resourceGroups/rg-hub-dns"))) == 9


def test_the_gateway_keeps_its_own_way_out() -> None:
    store = deploy_state("enterprise", NOW).store
    routed = {
        item.id.name for item in store.of_type("Microsoft.Network/virtualNetworks/subnets", SPOKE)
        if "routeTable" in item.body["properties"]
    }  # fmt: skip
    assert routed == {"snet-appService", "snet-jumpbox", "snet-agents", "snet-training", "snet-scoring"}


def test_what_a_management_group_grants_holds_in_its_subscriptions_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.yaml"
    path.write_text(
        "state: under-test\nfrom: enterprise.yaml\nprincipals:\n"
        "  - {name: scanner, clientId: a3c1f0de-51b5-4a0f-9f1b-6d1a2b3c4d01, objectId: b7e2d1cf-62c6-4b10-a02c-7e2b3c4d5e02,"
        " secret: simulated, roles: [{role: Reader, scope: /providers/Microsoft.Management/managementGroups/mg-landing-zones}]}\n",
        encoding="utf-8",
    )
    deployed = deploy_state(path, NOW)
    read = "Microsoft.Network/virtualNetworks/read"
    held = [allows(deployed.store, deployed.principals[0], read, scope) for scope in (SPOKE, CONNECTIVITY)]
    assert held == [True, False]


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("subscription: sub-elsewhere, resourceGroup: rg-hub", "no further subscription is called sub-elsewhere"),
        ("subscription: sub-connectivity, resourceGroup: rg-none", "sub-connectivity has no resource group 'rg-none'"),
    ],
)
def test_a_template_without_a_place_is_a_fault(tmp_path: Path, where: str, words: str) -> None:
    (tmp_path / "none.json").write_text('{"resources": []}', encoding="utf-8")
    path = tmp_path / "state.yaml"
    path.write_text(f"state: under-test\nfrom: enterprise.yaml\ntemplates:\n  - {{file: none.json, {where}}}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=words):
        deploy_state(path, NOW)
