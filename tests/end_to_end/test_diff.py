"""Comparisons as a user makes them: collect, change one thing, collect again; scan, change, scan again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.test_commands import run

NOW = ("--now", "2026-11-01")
CHANGE = """
changes:
  - title: Someone opened the model account
    finds: [NET-003]
    set:
      resource: providers/Microsoft.CognitiveServices/accounts/oai-chat-prod
      values: {properties.publicNetworkAccess: Enabled}
"""


def test_one_property_that_was_changed_in_azure_is_exactly_one_line(tmp_path: Path, state: Callable[[str], str]) -> None:
    before, after = str(tmp_path / "before.jsonl.gz"), str(tmp_path / "after.jsonl.gz")
    run("collect", "--simulate", "reference", "--output", before, "--quiet", *NOW)
    run("collect", "--simulate", state(CHANGE), "--output", after, "--quiet", *NOW)
    assert run("diff", before, before)[0] == 0
    code, text = run("diff", before, after)
    assert code == 1
    assert [line for line in text.splitlines() if line.lstrip()[:2] in {"~ ", "+ ", "- "}] == [
        "  ~ properties.publicNetworkAccess: Disabled -> Enabled"
    ]


def test_the_finding_that_came_of_it_is_the_one_that_regressed(tmp_path: Path, state: Callable[[str], str]) -> None:
    for name, source in (("before", "reference"), ("after", state(CHANGE))):
        run("scan", "--simulate", source, "--output", str(tmp_path / name), "--quiet", *NOW)
    before, after = (str(tmp_path / name / "result.json") for name in ("before", "after"))
    for old, new, kind in ((before, after, "regressed"), (after, before, "fixed")):
        code, text = run("diff", old, new, "--format", "json")
        assert code == 1
        assert [(item["kind"], item["rule"]) for item in json.loads(text)["changes"]] == [(kind, "NET-003")]
