"""Small rule and baseline folders for the tests of the loaders, written below the working directory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scanner.model.errors import ConfigurationError

RULE = """\
id: TST-001
title: Storage account accepts HTTPS alone
severity: medium
target:
  type: Microsoft.Storage/storageAccounts
assert: {field: properties.supportsHttpsTrafficOnly, equals: true}
"""
BASELINE = """\
version: "1"
environments: [dev, prod]
components:
  workspace:
    type: Microsoft.MachineLearningServices/workspaces
  storage:
    type: Microsoft.Storage/storageAccounts
    via: "workspace:properties.storageAccount"
    count: 0..2
parameters:
  keyMaxAgeDays:
    type: int
    default: 90
    doc: How old a key may be.
    environments:
      prod: 30
"""


def write(folder: str, **files: str) -> Path:
    """A folder of files, each by its path with `__` for `/`, without ending."""
    for name, text in files.items():
        path = Path(folder, *name.split("__")).with_suffix(".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Path(folder)


def faults_of(load: Callable[[], Any]) -> list[str]:
    """What a load is refused for."""
    with pytest.raises(ConfigurationError) as caught:
        load()
    return [str(item) for item in caught.value.faults]
