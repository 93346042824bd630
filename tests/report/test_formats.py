"""Every format: the agreed text, the same each time, hostile text inert, and many findings within seconds."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scanner.cli.app import app
from scanner.cli.delivery import ANNOTATIONS, FILES, FileFormat, deliver
from scanner.cli.options import Format
from scanner.model.errors import DriftlineError
from scanner.model.result import Result
from scanner.report.result_json import render_json
from scanner.report.terminal import render_terminal
from tests.report.sample import HOSTILE, SAMPLE, hostile

GOLDEN = Path(__file__).parent / "golden"
PIPELINE_COMMAND = re.compile(r"##(vso)?\[")


def without_passes(item: FileFormat) -> Callable[[Result], bytes]:
    return lambda result: item.render(result, False)


RENDER = {
    **{name: without_passes(item) for name, item in FILES.items() if name not in ("json", "html", "svg")},
    **ANNOTATIONS,
}
NAMES = {**{name: item.name for name, item in FILES.items()}, "github": "github.txt", "azdo": "azdo.txt"}


def test_the_command_line_knows_each_format() -> None:
    assert {item.value for item in Format} == {"terminal", *FILES, *ANNOTATIONS}


@pytest.mark.parametrize("name", RENDER)
def test_the_format_is_the_agreed_one(name: str) -> None:
    data, file = RENDER[name](SAMPLE), GOLDEN / NAMES[name]
    text = data.decode().replace("\r\n", "\n")
    if os.environ.get("DRIFTLINE_GOLDEN") == "write":
        file.write_bytes(text.encode())
    assert text == file.read_bytes().decode()
    assert data == RENDER[name](SAMPLE)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", RENDER)
def test_hostile_text_commands_neither_a_terminal_nor_a_pipeline(name: str, text: str) -> None:
    shown = RENDER[name](hostile(text)).decode()
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufffe]", shown)
    lines = shown.splitlines()
    if name == "azdo":
        assert all(line.startswith(("##vso[task.logissue type=", "driftline: ")) for line in lines)
        lines = [line.removeprefix("##vso[") for line in lines]
    if name == "github":
        assert all(line.startswith(("::error ", "::warning ", "::notice ", "driftline: ")) for line in lines)
    else:
        assert not any(line.lstrip().startswith("::") for line in lines)
    assert not PIPELINE_COMMAND.search("\n".join(lines))


@pytest.mark.parametrize("text", HOSTILE)
def test_the_terminal_and_json_command_no_pipeline_either(text: str) -> None:
    result = hostile(f"{text} {text}")
    shown = "".join(render_terminal(result, width=width) for width in range(60, 121, 3))
    assert not PIPELINE_COMMAND.search(shown)
    assert not any(line.lstrip().startswith("::") for line in shown.splitlines())
    assert not PIPELINE_COMMAND.search(render_json(result).decode())
    assert json.loads(render_json(result))["findings"][0]["message"] == f"{text} {text}"


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", ["csv", "markdown", "github", "azdo"])
def test_hostile_text_adds_no_line(name: str, text: str) -> None:
    plain, odd = RENDER[name](hostile("plain")).decode(), RENDER[name](hostile(text)).decode()
    assert len(odd.splitlines()) == len(plain.splitlines())


def test_files_go_to_the_directory_and_annotations_to_stdout(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    deliver(SAMPLE, [*FILES, "github"], tmp_path, quiet=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(item.name for item in FILES.values())
    assert capfd.readouterr().out.encode() == RENDER["github"](SAMPLE)


@pytest.mark.parametrize("name", RENDER)
def test_one_format_goes_to_stdout_without_a_directory(name: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    deliver(SAMPLE, [name], None)
    assert capfdbinary.readouterr().out == RENDER[name](SAMPLE)


@pytest.mark.parametrize("name", RENDER)
def test_a_result_is_rendered_again_by_the_command(name: str, tmp_path: Path) -> None:
    (tmp_path / "result.json").write_bytes(render_json(SAMPLE))
    outcome = CliRunner().invoke(app, ["report", str(tmp_path / "result.json"), "--format", name])
    assert outcome.exit_code == 0
    assert outcome.stdout_bytes == RENDER[name](SAMPLE)


@pytest.mark.parametrize("names", [["github", "json"], ["github", "azdo"], ["csv", "sarif"]])
def test_two_formats_do_not_share_stdout(names: list[str]) -> None:
    with pytest.raises(DriftlineError, match="cannot both go to stdout"):
        deliver(SAMPLE, names, None)


def test_passes_are_listed_where_they_are_asked_for() -> None:
    events = json.loads(FILES["ocsf"].render(SAMPLE, True))
    assert [item["status_code"] for item in events].count("pass") == 2
    assert FILES["csv"].render(SAMPLE, True).decode().count('"pass"') == 2


def test_many_findings_are_rendered_within_seconds() -> None:
    many = tuple(
        replace(item, resource=f"{item.resource}{at}", subject=f"s{at}") for at in range(2_500) for item in SAMPLE.findings
    )
    start = time.process_time()
    for render in RENDER.values():
        assert render(replace(SAMPLE, findings=many))
    assert time.process_time() - start < 30
