"""A process that stores scans, as a pipeline would: `python writing.py URL SERIES DAY…`."""

from __future__ import annotations

import sys

from scanner.report.result_json import render_json
from scanner.report.result_reading import parse_result
from scanner.store import Codec, open_store
from tests.store.results import result


def main(url: str, environment: str, *days: str) -> None:
    """Add the scan of each day to the history of an environment; on even days everything fails."""
    for day in map(int, days):
        store = open_store(url, Codec(render_json, parse_result))
        verdict = "pass" if day % 2 else "fail"
        told = store.with_history(result(day, {("KEY-001", f"n{at}"): verdict for at in range(20)}, environment=environment))
        assert store.add(told)


if __name__ == "__main__":
    main(*sys.argv[1:])
