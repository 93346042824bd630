"""Each cloud has the endpoints that Azure's own libraries name for it."""

from __future__ import annotations

import pytest
from azure.core import AzureClouds
from azure.identity import AzureAuthorityHosts
from azure.mgmt.core.tools import get_arm_endpoints

from scanner.sources.azure.options import CLOUDS, AzureOptions


@pytest.mark.parametrize(
    ("name", "cloud", "authority"),
    [
        ("public", AzureClouds.AZURE_PUBLIC_CLOUD, AzureAuthorityHosts.AZURE_PUBLIC_CLOUD),
        ("government", AzureClouds.AZURE_US_GOVERNMENT, AzureAuthorityHosts.AZURE_GOVERNMENT),
        ("china", AzureClouds.AZURE_CHINA_CLOUD, AzureAuthorityHosts.AZURE_CHINA),
    ],
)
def test_a_cloud_has_its_endpoint_audience_and_sign_in(name: str, cloud: AzureClouds, authority: str) -> None:
    named = get_arm_endpoints(cloud)
    assert AzureOptions(cloud=name).endpoint == named["resource_manager"].rstrip("/")
    assert [CLOUDS[name].audience] == named["credential_scopes"]
    assert CLOUDS[name].authority == f"https://{authority}"


def test_every_cloud_of_the_libraries_can_be_chosen() -> None:
    assert len(CLOUDS) == len(AzureClouds)


def test_an_endpoint_of_ones_own_goes_before_that_of_the_cloud() -> None:
    assert AzureOptions(cloud="china", arm_endpoint="https://localhost:8443/").endpoint == "https://localhost:8443"
