"""The command line: one module per command; heavy imports wait until a command needs them."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Run driftline and exit with the codes of interface.md."""
    from scanner.cli.app import run

    run()
