"""Which Azure to ask, where, and whom to trust."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

__all__ = ["CLOUDS", "AzureOptions", "CloudEndpoints"]


@dataclass(frozen=True, slots=True)
class CloudEndpoints:
    """A cloud's ARM endpoint, the scope of its tokens, its sign-in endpoint."""

    arm: str
    audience: str
    authority: str


#: Azure's clouds, with the endpoints that azure-core and azure-identity name for them.
CLOUDS: Final = {
    "public": CloudEndpoints(
        "https://management.azure.com", "https://management.azure.com/.default", "https://login.microsoftonline.com"
    ),
    "government": CloudEndpoints(
        "https://management.usgovcloudapi.net",
        "https://management.core.usgovcloudapi.net/.default",
        "https://login.microsoftonline.us",
    ),
    "china": CloudEndpoints(
        "https://management.chinacloudapi.cn",
        "https://management.chinacloudapi.cn/.default",
        "https://login.chinacloudapi.cn",
    ),
}


@dataclass(frozen=True, slots=True)
class AzureOptions:
    """What to read: subscriptions by id, or all below a management group; only some resource groups where any are named.

    `groups` are sets of subscription ids that share a workload and are judged together. `timeout` is how many seconds an
    answer may keep silent before it is asked for again (azure-core would wait 300). `backoff` is azure-core's factor: without a
    Retry-After it waits that many seconds, twice, four times as long … between attempts. `longest_wait` is how many seconds a
    Retry-After may ask for: one that asks for more is not waited for, and the read is a gap that names the wait. `now` is where
    what looks back begins; without it, the time it is.
    """

    subscriptions: tuple[str, ...] = ()
    management_group: str = ""
    resource_groups: tuple[str, ...] = ()
    cloud: str = "public"
    arm_endpoint: str = ""
    authority: str = ""
    ca_file: Path | None = None
    groups: tuple[frozenset[str], ...] = ()
    concurrency: int = 16
    timeout: float = 90
    backoff: float = 0.8
    longest_wait: float = 60
    now: datetime | None = None

    @property
    def endpoint(self) -> str:
        """The ARM endpoint without a trailing slash."""
        return (self.arm_endpoint or CLOUDS[self.cloud].arm).rstrip("/")
