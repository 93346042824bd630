"""What driftline.yaml names: a component bound to nothing is reported with file and line, and never passes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scanner.model.errors import ConfigurationError

Scan = Callable[..., tuple[int, dict[str, Any]]]
SUBSCRIPTION = "/subscriptions/5d0c1a52-7f3e-4c0b-9a55-2f1f3c9d1e01"


def settings(tmp_path: Path, line: str) -> Path:
    path = tmp_path / "driftline.yaml"
    path.write_text(f"workloads:\n  - name: chat\n    scopes: [{SUBSCRIPTION}]\n    {line}\n", encoding="utf-8")
    return path


def test_a_hint_that_names_nothing_is_reported_with_its_line(scan: Scan, tmp_path: Path) -> None:
    path = settings(tmp_path, "components: {search: no-such-search}")
    code, result = scan("--simulate", "reference", "--config", str(path))
    words = f'{path}:4 binds it to "no-such-search", which no resource of its type is called'
    assert code != 0
    assert f"chat: component search is missing: {words}" in result["notes"]


def test_a_parameter_of_the_wrong_type_is_a_fault_with_its_line(scan: Scan, tmp_path: Path) -> None:
    path = settings(tmp_path, "parameters: {keyMaxAgeDays: sixty}")
    with pytest.raises(ConfigurationError, match=r"driftline\.yaml:4: .*is of type int"):
        scan("--simulate", "reference", "--config", str(path))
