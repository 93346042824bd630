"""Plans for recorded and documented ARM answers: whatever a script promises there, it keeps, and the undo leads back."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.test_remediate import driftline, plan_in, remediate


def test_what_is_promised_of_real_bodies_is_kept(shared: Path, tmp_path: Path) -> None:
    bodies = []
    for file in sorted((shared / "arm-examples").glob("*.json")):
        body = json.loads(file.read_text(encoding="utf-8")).get("body")
        items = body["value"] if isinstance(body, dict) and isinstance(body.get("value"), list) else [body]
        bodies += [item for item in items if isinstance(item, dict)]
    (tmp_path / "real.json").write_text(json.dumps(bodies), encoding="utf-8")
    driftline("scan", "--snapshot", str(tmp_path / "real.json"), "--output", str(tmp_path), "--quiet")
    formats = [word for name in ("az", "arm", "powershell", "terraform") for word in ("--format", name)]
    remediate(tmp_path, tmp_path / "fix", "--prove", "--quiet", *formats, snapshot="real.json")
    plan = plan_in(tmp_path / "fix")
    failed = [
        (step["rules"], step["resource"], step["proof"]["note"]) for step in plan["steps"] if step["proof"]["state"] == "failed"
    ]
    assert len(plan["steps"]) > 20
    assert failed == []
