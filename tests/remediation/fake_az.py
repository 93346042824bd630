"""A folder in which scripts run with a fake az, which notes how it is called and answers what a test says, in order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scanner.remediation.plan import Plan
from scanner.remediation.renderers.az import render_az

Json = Any

_AZ = """#!{python} -SEI
import json, pathlib, sys
folder = pathlib.Path({folder!r})
if sys.argv[1] != "rest":
    sys.exit(0 if sys.argv[1:3] == ["account", "show"] else 98)
options = dict(zip(sys.argv[2::2], sys.argv[3::2])) if "--only-show-errors" not in sys.argv[2] else dict(zip(sys.argv[3::2], sys.argv[4::2]))
files = {{name: pathlib.Path(value[1:]).read_text() for name, value in options.items() if value.startswith("@")}}
with (folder / "calls").open("a") as calls:
    calls.write(json.dumps([options, files]) + "\\n")
replies = json.loads((folder / "replies").read_text())
code, said, answer = replies.pop(0) if replies else (97, "ERROR: nobody said what to answer", "")
(folder / "replies").write_text(json.dumps(replies))
sys.stdout.write(answer)
sys.stderr.write(said)
sys.exit(code)
"""

OK = (0, "", "")
GONE = (1, 'ERROR: Not Found({"error":{"code":"ResourceNotFound","message":"It is not there."}})\n', "")
REFUSED = (1, 'ERROR: Conflict({"error":{"code":"Conflict","message":"Busy \x1b[31m."}})\n', "")


def there(*answers: str, body: str = "", state: str = "Succeeded") -> tuple[int, str, str]:
    """A resource that answers what is asked of it; `body` is what az makes of it."""
    return 0, "", "".join(f"{line}\n" for line in (f'["{state}"]', *answers, *([body] if body else [])))


@dataclass
class Ran:
    """What became of a script, and how it called az: options, and the files that they name."""

    code: int
    out: str
    err: str
    calls: list[tuple[dict[str, str], dict[str, str]]]

    @property
    def methods(self) -> list[str]:
        """The HTTP methods."""
        return [options["--method"] for options, _ in self.calls]


class Folder:
    """The folder of a plan's scripts."""

    def __init__(self, folder: Path, plan: Plan, bash: str = "bash") -> None:
        self.path, self._bash = folder, bash
        (folder / "bin").mkdir(parents=True)
        for name, content in render_az(plan).items():
            (folder / name).write_bytes(content)
        self._executable("az", _AZ.format(python=sys.executable, folder=str(folder)))
        self._executable("sleep", "#!/bin/sh\n")

    def run(self, script: str, *arguments: str, replies: list[tuple[int, str, str]]) -> Ran:
        """Run a script; az answers each request with the next reply, and every reply is used."""
        (self.path / "replies").write_text(json.dumps(replies), encoding="utf-8")
        (self.path / "calls").write_text("", encoding="utf-8")
        environment = {**os.environ, "PATH": f"{self.path / 'bin'}{os.pathsep}{os.environ['PATH']}", "TMPDIR": str(self.path)}
        ran = subprocess.run(
            [self._bash, script, *arguments], env=environment, cwd=self.path, capture_output=True, text=True, check=False
        )
        left = json.loads((self.path / "replies").read_text(encoding="utf-8"))
        assert not left, f"{len(left)} replies were not asked for:\n{ran.stdout}{ran.stderr}"
        lines = (self.path / "calls").read_text(encoding="utf-8").splitlines()
        return Ran(ran.returncode, ran.stdout, ran.stderr, [json.loads(line) for line in lines])

    @property
    def state(self) -> list[str]:
        """What was noted, without the digests."""
        file = self.path / "fix.sh.state"
        return [line.rpartition(" ")[0] for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []

    @property
    def names(self) -> set[str]:
        """What lies in the folder but for what the fake needs."""
        return {item.name for item in self.path.iterdir()} - {"bin", "calls", "replies"}

    def _executable(self, name: str, text: str) -> None:
        (self.path / "bin" / name).write_text(text, encoding="utf-8")
        (self.path / "bin" / name).chmod(0o755)
