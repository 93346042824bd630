"""The wheel: complete, and used from elsewhere beside a stranger's package of the same name. Nothing is downloaded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("wheel")  # one build for all of them

ROOT = Path(__file__).parents[2]
FOLDERS = ("rules", "baselines", "reports", "remediation")

_LIST_DATA = """
import json, scanner, sys
from scanner.model.packaged import packaged
def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
print(json.dumps([scanner.__file__, {name: files(packaged(name)) for name in sys.argv[1:]}]))
"""


class Installed:
    """A fresh environment with the wheel in it, and a working directory that holds a decoy `scanner`."""

    def __init__(self, wheel: Path, folder: Path) -> None:
        self.directory = folder / "elsewhere"
        (self.directory / "scanner").mkdir(parents=True)
        (self.directory / "scanner" / "__init__.py").write_text('raise ImportError("this is another package called scanner")\n')
        environment = folder / "environment"
        venv.create(environment, with_pip=False)
        self.scripts = Path(sysconfig.get_path("scripts", "venv", vars={"base": str(environment)}))
        self.packages = Path(sysconfig.get_path("purelib", "venv", vars={"base": str(environment)}))
        self.python = self.scripts / f"python{sysconfig.get_config_var('EXE')}"
        self.command = self.scripts / f"driftline{sysconfig.get_config_var('EXE')}"
        _pip("--python", str(self.python), "install", "--no-deps", "--no-index", str(wheel))
        # A path line makes the dependencies importable but runs no .pth file there, so the checkout itself stays out of sight.
        (self.packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command in the working directory with the decoy, without the settings of the tests' own environment."""
        settings = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "DRIFTLINE_"))
        }
        settings |= {"PATH": os.pathsep.join([str(self.scripts), os.defpath]), "PYTHONUTF8": "1"}
        return subprocess.run(
            command,
            cwd=self.directory,
            env=settings,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )


def _pip(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    _pip("wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))
    (built,) = folder.glob("driftline-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Installed:
    return Installed(wheel, tmp_path_factory.mktemp("installed"))


def _files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc" and "shipped" not in path.parts
    }


def test_the_wheel_carries_the_package_and_the_data_folders_and_nothing_else(wheel):
    carried = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    wanted = {f"scanner/{name}" for name in _files(ROOT / "scanner")}
    wanted |= {f"scanner/shipped/{folder}/{name}" for folder in FOLDERS for name in _files(ROOT / folder)}
    assert carried == wanted


def test_the_installed_package_is_found_beside_the_decoy_with_all_its_data(installed):
    done = installed.run(installed.python, "-I", "-c", _LIST_DATA, *FOLDERS)
    assert done.stderr == ""
    assert json.loads(done.stdout) == [
        str(installed.packages / "scanner" / "__init__.py"),
        {folder: sorted(_files(ROOT / folder)) for folder in FOLDERS},
    ]


def test_the_installed_path_table_is_the_checkouts(installed):
    program = "from scanner.model.arm_types import arm_types; print(len(arm_types()))"
    done = installed.run(installed.python, "-I", "-c", program)
    here = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert (done.stderr, done.stdout) == ("", here.stdout)


def test_the_installed_command_knows_its_version(wheel, installed):
    done = installed.run(installed.command, "--version")
    assert (done.returncode, done.stderr, done.stdout.strip()) == (0, "", wheel.name.split("-")[1])


def test_the_demo_runs_from_elsewhere_and_finds_what_the_checkout_finds(installed, tmp_path):
    done = installed.run(installed.command, "demo", "--output", "reports", "--no-progress")
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(path.name for path in installed.directory.iterdir()) == ["reports", "scanner"]
    subprocess.run([sys.executable, "-m", "scanner.cli", "demo", "--quiet", "--output", str(tmp_path)], check=True, cwd=ROOT)
    found = _judged(installed.directory / "reports")
    assert found == _judged(tmp_path)
    assert found["findings"]


def test_the_installed_command_keeps_a_history(installed):
    state = installed.directory / "state.json"
    state.write_text(
        '[{"id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st", "properties": {}}]'
    )
    scan = (
        "scan",
        "--snapshot",
        "state.json",
        "--store",
        "sqlite:///history.db",
        "--quiet",
        "--fail-on",
        "never",
        "--allow-unknown",
    )
    done = installed.run(installed.command, *scan)
    shown = installed.run(installed.command, "history", "--store", "sqlite:///history.db")
    for name in ("state.json", "history.db"):
        (installed.directory / name).unlink()
    assert (done.returncode, done.stderr, shown.returncode, shown.stderr) == (0, "", 0, "")
    assert "1 scan" in shown.stdout


def _judged(reports: Path) -> dict[str, object]:
    """What a demo judged, without what differs from run to run: times, and the hash of them that is the scan's id."""
    result = json.loads((reports / "result.json").read_text("utf-8"))
    keys = ("rule", "resource", "subject", "verdict")
    return {
        "rules": [rule["id"] for rule in result["rules"]],
        "hashes": [result["scan"]["rules_hash"], result["scan"]["baseline_hash"]],
        "verdicts": result["coverage"]["verdicts"],
        "findings": [[finding[key] for key in keys] for finding in result["findings"]],
    }
