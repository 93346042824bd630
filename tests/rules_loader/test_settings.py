"""Settings: which source wins, where each came from, and what driftline.yaml may not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.model.errors import ConfigurationError, DriftlineError
from scanner.rules import load_baseline
from scanner.rules.settings import Setting, Settings, explain, load_settings

FILE = """\
# ours
baseline: theirs
environment: prod
rules: [more]
fail_on: low
workloads:
  - name: chat
    scopes: [/subscriptions/s]
    parameters: {keyMaxAgeDays: 30}
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(text: str, name: str = "driftline.yaml") -> Path:
    path = Path(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def faults(text: str) -> list[str]:
    written(text)
    with pytest.raises(ConfigurationError) as caught:
        load_settings(None, {}, {})
    return [str(item) for item in caught.value.faults]


def test_without_anything_the_defaults_hold() -> None:
    assert load_settings(None, {}, {}) == Settings(
        Setting("baseline", "openai-chat", "default"),
        Setting("environment", "", "default"),
        Setting("fail_on", "high", "default"),
        Setting("rules", [], "default"),
    )


def test_the_command_line_goes_before_the_environment_and_that_before_the_file() -> None:
    written(FILE)
    found = load_settings(
        None, {"fail_on": "never", "baseline": None}, {"DRIFTLINE_FAIL_ON": "info", "DRIFTLINE_ENVIRONMENT": "dev"}
    )
    assert (found.baseline, found.environment, found.fail_on) == (
        Setting("baseline", "theirs", "driftline.yaml:2"),
        Setting("environment", "dev", "environment variable DRIFTLINE_ENVIRONMENT"),
        Setting("fail_on", "never", "command line"),
    )


def test_rule_directories_stand_beside_the_file_and_those_of_the_command_line_come_after() -> None:
    config = written(FILE, "conf/own.yaml")
    assert load_settings(config, {}, {}).rules == Setting("rules", ["conf/more"], "conf/own.yaml:4")
    assert load_settings(config, {"rules": [Path("x")]}, {}).rules == Setting("rules", ["conf/more", "x"], "command line")


def test_every_setting_and_parameter_is_explained_with_its_origin() -> None:
    written(FILE)
    baseline = load_baseline("openai-chat")
    found = explain(load_settings(None, {"baseline": "openai-chat"}, {}), baseline)
    assert [item.name for item in found[:4]] == ["baseline", "environment", "fail_on", "rules"]
    assert [item.name for item in found[4:-1]] == list(baseline.parameters)
    assert found[-1] == Setting("workloads.chat.keyMaxAgeDays", 30, "driftline.yaml:9")
    Path("driftline.yaml").unlink()
    assert explain(load_settings(None, {}, {}), baseline)[1] == Setting(
        "environment", baseline.environment, "first environment of the baseline"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("baseline: a\nbasline: b\n", ['2: unknown key "basline"; did you mean "baseline"?']),
        ("\nworkloads:\n  - name: x\n    scopes: []\n", ['4: "scopes": should have at least 1 item, not 0']),
        ("workloads:\n  - scopes: [/]\n", ['2: "name" is missing']),
        ("workloads:\n  - name: x\n    scopes: [/]\n    scope: /\n", ['4: unknown key "scope"; did you mean "scopes"?']),
        ("rules:\n  - 5\n", ['2: "rules[0]": should be a valid string']),
        ("- a\n", ["1: should be a mapping"]),
        ("a: 1\na: 2\n", ['2: the key "a" stands here twice', '2: unknown key "a"']),
        ("fail_on: urgent\n", ["1: \"fail_on\": should be '', 'critical', 'high', 'medium', 'low', 'info' or 'never'"]),
        ("a: [\n", ["1: is not YAML: did not find expected node content"]),
    ],
)
def test_what_is_wrong_in_the_file_is_said_with_its_line(text: str, expected: list[str]) -> None:
    assert faults(text) == [f"driftline.yaml:{item}" for item in expected]


def test_an_empty_file_sets_nothing() -> None:
    written("# later\n")
    assert load_settings(None, {}, {}).baseline == Setting("baseline", "openai-chat", "default")


def test_a_threshold_that_is_none_names_where_it_was_given() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(None, {}, {"DRIFTLINE_FAIL_ON": "urgent"})
    assert str(caught.value) == (
        'environment variable DRIFTLINE_FAIL_ON: fail_on is "urgent", not one of critical, high, medium, low, info, never'
    )


def test_a_file_that_was_named_must_be_there() -> None:
    with pytest.raises(DriftlineError, match=r"own\.yaml is not there\nLeave --config out"):
        load_settings(Path("own.yaml"), {}, {})


def test_waivers_lie_beside_the_settings_and_are_explained(tmp_path: Path) -> None:
    for stated, names in (("w.yaml", ["w.yaml"]), ("[a.yaml, b.yaml]", ["a.yaml", "b.yaml"])):
        (tmp_path / "other.yaml").write_text(f"waivers: {stated}\n", encoding="utf-8")
        found = load_settings(tmp_path / "other.yaml", {}, {})
        assert found.waivers == Setting("waivers", [str(tmp_path / name) for name in names], f"{tmp_path / 'other.yaml'}:1")
        assert found.waivers in explain(found, load_baseline("openai-chat"))
