"""The ready files: their commands are ours, their pipelines say only what the services know, their scripts and image are sound.

Nothing here asks GitHub or Azure: what the services know is written down below, with where it was looked up.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from scanner import __version__
from tests.integrations.ready import (
    CRON,
    FOLDER,
    HOW_TO,
    JOB,
    STAGE,
    WORKFLOW,
    azure_steps,
    commands,
    github_steps,
    hold,
    scripts,
    stage,
    step,
    workflow,
)

TOOLS = Path(sys.executable).parent
#: The inputs of each action, from its action.yml at the major version that is named.
ACTIONS = {
    "actions/checkout@v7": {"persist-credentials"},
    "actions/setup-python@v7": {"python-version"},
    "azure/login@v3": {"client-id", "tenant-id", "subscription-id"},
    "actions/cache/restore@v5": {"path", "key", "restore-keys"},
    "actions/cache/save@v5": {"path", "key"},
    "github/codeql-action/upload-sarif@v4": {"sarif_file", "category"},
    "actions/upload-artifact@v7": {"name", "path", "if-no-files-found"},
}
#: The inputs of each task, aliases included, from its task.json.
TASKS = {
    "UsePythonVersion@0": {"versionSpec"},
    "AzureCLI@2": {"azureSubscription", "scriptType", "scriptLocation", "inlineScript", "addSpnToEnvironment"},
    "PublishTestResults@2": {"testResultsFormat", "testResultsFiles", "searchFolder", "testRunTitle"},
    "PublishPipelineArtifact@1": {"targetPath", "artifact"},
    "DownloadPipelineArtifact@2": {
        "buildType", "project", "definition", "buildVersionToDownload", "branchName", "allowPartiallySucceededBuilds",
        "artifactName", "targetPath",
    },
}  # fmt: skip
TEXTS = sorted(path for path in [*FOLDER.rglob("*"), *HOW_TO.glob("*.md")] if path.is_file())


def fenced(path: Path) -> str:
    """What stands in the blocks of code of a page; all of another file."""
    text = path.read_text(encoding="utf-8")
    return "\n".join(re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)) if path.suffix == ".md" else text


def of_files() -> list[tuple[str, list[str]]]:
    found = [(path.name, line) for path in TEXTS if path.suffix in {".md", ""} for line in commands(fenced(path))]
    return [*found, *((name, line) for name, text in scripts().items() for line in commands(text))]


@pytest.mark.parametrize(("name", "line"), of_files(), ids=lambda value: value if isinstance(value, str) else " ".join(value))
def test_every_command_is_one_of_ours(name: str, line: list[str]) -> None:
    assert hold(line) is not None


def test_commands_are_found_in_every_pipeline_and_a_wrong_one_is_refused() -> None:
    found = {name for name, line in of_files() if line[0] == "scan"}
    assert {"github: Scan", "azure: Scan", "cron"} <= found
    assert commands('driftline scan --subscription "$SUBSCRIPTION" "${known[@]}" \\\n  --output out || code=$?') == [
        ["scan", "--subscription", "00000000-0000-0000-0000-000000000000", "--output", "out"]
    ]
    with pytest.raises(typer.TyperException):
        hold(["scan", "--formt", "sarif"])


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_a_version_that_is_pinned_is_this_one(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    pins = re.findall(
        r"driftline(?:\[\w+\])?==(\d[\w.]*)|(?:DRIFTLINE_VERSION|driftlineVersion): \"([\d.]+)\"|driftline:(\d[\d.]*\d)", text
    )
    assert {next(filter(None, pin)) for pin in pins} <= {__version__}


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_no_file_holds_a_secret(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"(?i)(?:password|secret|token|key)\s*[:=]\s*[\"']?[A-Za-z0-9/+_-]{16,}", text) == []
    assert re.findall(r"://[^\s/:@…\"]+:(?!password@|…)[^\s/@\"]+@", text) == []


@pytest.mark.parametrize("name", scripts())
def test_every_script_is_clean_to_shellcheck(name: str, tmp_path: Path) -> None:
    path = tmp_path / "script.sh"
    text = scripts()[name]
    path.write_text(text if text.startswith("#!") else f"#!/usr/bin/env bash\n{text}", encoding="utf-8")
    told = subprocess.run([TOOLS / "shellcheck", "--severity=style", path], capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout) == (0, "")


def test_the_image_is_clean_to_hadolint() -> None:
    told = subprocess.run([TOOLS / "hadolint", JOB / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout) == (0, "")


def test_the_image_is_pinned_and_runs_without_rights() -> None:
    text = (JOB / "Dockerfile").read_text(encoding="utf-8")
    told = [line.split(maxsplit=1) for line in re.sub(r"\\\n", " ", text).splitlines() if line and not line.startswith("#")]
    by_word: dict[str, list[str]] = {}
    for word, rest in told:
        by_word.setdefault(word, []).append(rest)
    assert by_word["FROM"] == ["python:3.11-slim"]
    assert all("--require-hashes --requirement" in rest for rest in by_word["RUN"] if "pip install" in rest)
    assert by_word["USER"] == ["10001"]
    assert [word for word, _ in told].index("USER") > max(at for at, (word, _) in enumerate(told) if word in {"RUN", "COPY"})
    assert by_word["ENTRYPOINT"] == ['["driftline"]']
    assert "ARG" not in by_word
    assert "ADD" not in by_word
    assert (JOB / "requirements.in").read_text(encoding="utf-8") == f"driftline[postgresql]=={__version__}\n"
    for copied in by_word["COPY"]:
        name = copied.split()[0]
        assert (JOB / name).is_file() or name == "requirements.txt"  # which the comments tell how to make


def test_the_settings_of_the_image_are_settings() -> None:
    from scanner.rules.settings import load_settings

    text = (JOB / "driftline.yaml").read_text(encoding="utf-8")
    settings = load_settings(JOB / "driftline.yaml", {}, {})
    assert (settings.baseline.value, settings.notify) == ("openai-chat", ())
    assert "notify:" in text


def test_the_notification_that_the_settings_propose_is_one(tmp_path: Path) -> None:
    from scanner.rules.settings import load_settings

    path = tmp_path / "driftline.yaml"
    text = (JOB / "driftline.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace("# notify:", "notify:").replace("#   -", "  -"), encoding="utf-8")
    assert [item.kind for item in load_settings(path, {}, {}).notify] == ["teams"]


# GitHub Actions


def test_the_workflow_says_only_what_github_knows() -> None:
    data = workflow()
    assert list(data) == ["name", "on", "permissions", "jobs"]
    assert set(data["on"]) == {"workflow_call", "schedule", "workflow_dispatch"}
    assert data["on"]["workflow_call"] == data["on"]["workflow_dispatch"]
    for item in data["on"]["workflow_call"]["inputs"].values():
        assert set(item) == {"description", "type", "default"}
        assert item["type"] in {"string", "boolean"}
    job = data["jobs"]["scan"]
    assert list(data["jobs"]) == ["scan"]
    assert set(job) <= {
        "name", "runs-on", "timeout-minutes", "environment", "concurrency", "permissions", "env", "defaults", "steps",
    }  # fmt: skip
    for item in github_steps():
        assert set(item) <= {"name", "id", "if", "uses", "with", "run", "env"}
        assert ("uses" in item) != ("run" in item)
        if "uses" in item:
            assert set(item.get("with", {})) <= ACTIONS[item["uses"]]


def test_the_workflow_may_do_no_more_than_it_does() -> None:
    assert workflow()["permissions"] == {}
    assert workflow()["jobs"]["scan"]["permissions"] == {
        "contents": "read",
        "id-token": "write",
        "security-events": "write",
        "actions": "read",
        "pull-requests": "write",
    }
    assert "secrets." not in WORKFLOW.read_text(encoding="utf-8")


def test_no_script_of_the_workflow_holds_an_expression() -> None:
    assert [item["name"] for item in github_steps() if "${{" in item.get("run", "")] == []


def test_expressions_of_the_workflow_name_what_is_there() -> None:
    text = WORKFLOW.read_text(encoding="utf-8")
    inputs = set(workflow()["on"]["workflow_call"]["inputs"])
    outputs: set[str] = set()
    variables = set(workflow()["jobs"]["scan"]["env"])
    for item in github_steps():
        told = str(item.get("if", "")) + str(item.get("with", "")) + str(item.get("env", ""))
        assert set(re.findall(r"steps\.(\w+\.outputs\.\w+)", told)) <= outputs
        outputs |= {
            f"{item.get('id')}.outputs.{name}" for name in re.findall(r'"(\w+)=[^"]*" >> "\$GITHUB_OUTPUT"', item.get("run", ""))
        }
    assert outputs == {"scan.outputs.code", "scan.outputs.reports"}
    expressions = re.findall(r"\$\{\{(.*?)\}\}", text)
    assert {name for told in expressions for name in re.findall(r"\binputs\.([\w-]+)", told)} <= inputs
    assert {name for told in expressions for name in re.findall(r"\benv\.(\w+)", told)} <= variables
    assert {name for told in expressions for name in re.findall(r"\bgithub\.(\w+)", told)} <= {
        "ref", "run_id", "run_attempt", "event_name", "event", "token",
    }  # fmt: skip


def test_the_workflow_decides_last_and_reports_whatever_it_decides() -> None:
    steps = github_steps()
    assert steps[-1]["name"] == "Gate"
    for name in ("Upload SARIF", "Comment on the pull request", "Keep the reports", "Gate"):
        assert step(steps, name)["if"].startswith("${{ !cancelled()")


# Azure Pipelines


def test_the_stage_says_only_what_azure_pipelines_knows() -> None:
    data = stage()
    assert list(data) == ["parameters", "stages"]
    assert all(set(item) <= {"name", "type", "default", "values"} for item in data["parameters"])
    assert set(data["stages"][0]) == {"stage", "displayName", "variables", "jobs"}
    assert set(data["stages"][0]["jobs"][0]) == {"job", "displayName", "pool", "timeoutInMinutes", "steps"}
    for item in azure_steps():
        assert set(item) <= {"task", "bash", "displayName", "condition", "continueOnError", "inputs", "env"}
        assert ("task" in item) != ("bash" in item)
        if "task" in item:
            assert set(item["inputs"]) <= TASKS[item["task"]]


def test_the_stage_names_parameters_and_variables_that_are_there() -> None:
    text = STAGE.read_text(encoding="utf-8")
    assert set(re.findall(r"parameters\.(\w+)", text)) == {item["name"] for item in stage()["parameters"]}
    known = set(stage()["stages"][0]["variables"]) | {
        "Build.ArtifactStagingDirectory", "Pipeline.Workspace", "System.TeamProjectId", "System.DefinitionId", "System.JobAttempt",
    }  # fmt: skip
    assert set(re.findall(r"(?<!\$)\$\(([\w.]+)\)", text)) <= known


def test_the_stage_reports_whether_the_gate_passed_or_not() -> None:
    after = azure_steps()[[item.get("displayName") for item in azure_steps()].index("Scan") + 1 :]
    assert [(item["displayName"], item["condition"]) for item in after] == [
        ("Test results", "succeededOrFailed()"),
        ("Summary", "succeededOrFailed()"),
        ("Reports", "succeededOrFailed()"),
        ("What is known", "succeeded()"),
    ]
    assert "failOnStandardError" not in STAGE.read_text(encoding="utf-8")


# cron


def test_the_crontab_calls_the_wrapper_with_arguments_of_a_scan() -> None:
    lines = [line for line in (CRON / "crontab").read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    settings = [line for line in lines if re.match(r"[A-Z_]+=", line)]
    (entry,) = [line for line in lines if line not in settings]
    assert "%" not in entry  # which cron takes for the end of the line
    fields = entry.split()
    assert re.fullmatch(r"\d+ \d+ \* \* \*", " ".join(fields[:5]))
    assert fields[5:7] == ["driftline-scan.sh", "/var/lib/driftline"]
    assert hold(["scan", *fields[7:]])["environment"] == "prod"
