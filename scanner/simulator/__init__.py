"""An ARM-compatible server on loopback for demos and tests; it knows nothing of rules, facts or engine."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.model.errors import DriftlineError

if TYPE_CHECKING:
    from scanner.simulator.server import Server
    from scanner.simulator.states import Deployed

__all__ = ["Simulator", "serve", "start_simulator"]


@dataclass(frozen=True, slots=True)
class Simulator:
    """A running simulator: where it listens, whom to trust, who may sign in, what it was asked."""

    endpoint: str
    ca_file: Path
    deployed: Deployed
    server: Server

    @property
    def authority(self) -> str:
        """The sign-in endpoint: the same server."""
        return self.endpoint

    @property
    def identity_endpoint(self) -> str:
        """The managed identity endpoint (http: the SDK insists)."""
        return f"http://127.0.0.1:{self.server.identity_port}"

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """The ids of its subscriptions."""
        return tuple(self.deployed.subscriptions)

    @property
    def requests(self) -> list[tuple[str, str, int]]:
        """What it was asked: method, path, status."""
        return self.server.requests

    def environment(self, principal: str = "scanner") -> dict[str, str]:
        """The variables with which a default credential signs in as a principal of the state."""
        known = next((item for item in self.deployed.principals if item.name == principal), None)
        if known is None:
            raise DriftlineError(f'the state has no principal "{principal}"')
        return {
            "AZURE_TENANT_ID": self.deployed.tenant,
            "AZURE_CLIENT_ID": known.client_id,
            "AZURE_CLIENT_SECRET": known.secret,
            "AZURE_AUTHORITY_HOST": self.authority,
        }


@contextmanager
def start_simulator(
    state: str | Path, *, port: int = 0, faults: Path | None = None, now: datetime | None = None, page_size: int = 20
) -> Iterator[Simulator]:
    """Run a simulator of a state, on a free port unless one is given; lists come in pages of `page_size`.

    Raises `DriftlineError` for a bad state or a taken port.
    """
    from scanner.simulator.states import deploy_state

    with serve(deploy_state(state, now or datetime.now(UTC)), port=port, faults=faults, page_size=page_size) as simulator:
        yield simulator


@contextmanager
def serve(deployed: Deployed, *, port: int = 0, faults: Path | None = None, page_size: int = 20) -> Iterator[Simulator]:
    """Run a simulator of what is in being. Raises `DriftlineError` for a taken port."""
    import trustme

    from scanner.simulator.faults import Faults, load_faults
    from scanner.simulator.server import Server

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    server = Server(deployed, context, load_faults(faults) if faults is not None else Faults([]), port, page_size)
    with tempfile.TemporaryDirectory(prefix="driftline-") as folder:
        ca_file = Path(folder) / "ca.pem"
        authority.cert_pem.write_to_path(str(ca_file))
        try:
            server.start()
        except OSError as error:
            raise DriftlineError(
                f"the simulator cannot listen on port {port}: {error.strerror}", hint="Choose another with --port."
            ) from error
        try:
            yield Simulator(f"https://localhost:{server.port}", ca_file, deployed, server)
        finally:
            server.stop()
