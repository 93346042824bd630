"""`python -m benchmarks`: runs every benchmark and prints one table with the claim beside each figure."""

from __future__ import annotations

from benchmarks.access import measure_access, measure_key_ages
from benchmarks.command_line import measure_help
from benchmarks.flows import measure_flows
from benchmarks.formats import measure_formats
from benchmarks.live import measure_live
from benchmarks.measured import Measured
from benchmarks.offline import measure_offline
from benchmarks.remediation import measure_plans
from benchmarks.rules import measure_rules
from benchmarks.snapshots import measure_reference_scan
from benchmarks.store import measure_store
from benchmarks.templates import measure_templates


def main() -> None:
    """Measure and print."""
    rows: list[Measured] = [
        *measure_rules(),
        measure_help(),
        measure_reference_scan(),
        *measure_templates(),
        *measure_flows(),
        *measure_access(),
        *measure_key_ages(),
        *measure_plans(),
        *measure_store(),
        *measure_formats(),
        *measure_offline(),
        *measure_live(),
    ]
    widths = [max(len(row.cells[column]) for row in rows) for column in range(4)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row.cells, widths, strict=True)).rstrip())


if __name__ == "__main__":
    main()
