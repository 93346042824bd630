"""`driftline simulate`."""

from __future__ import annotations

from typing import Annotated

import typer

from scanner.cli import options as o

__all__ = ["command"]


def command(
    state: Annotated[str, typer.Option("--state", help="reference, drifted or a state file.")] = "reference",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; a free one by default.")] = 0,
    faults: o.Faults = None,
) -> int:
    """Run an ARM-compatible server on this machine until Ctrl-C, and print how to reach it.

    Example: driftline simulate --state drifted --port 8443
    """
    import threading

    from scanner.simulator import start_simulator

    with start_simulator(state, port=port, faults=faults) as simulator:
        for name, value in simulator.environment().items():
            typer.echo(f"export {name}={value}")
        typer.echo(
            f"# driftline scan --subscription {simulator.subscriptions[0]} --arm-endpoint {simulator.endpoint} "
            f"--authority {simulator.authority} --ca-file {simulator.ca_file}"
        )
        try:
            typer.echo("# Ctrl-C ends the simulator.", err=True)
            threading.Event().wait()
        except KeyboardInterrupt:
            typer.echo("# Ended.", err=True)
    return 0
