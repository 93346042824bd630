"""The scripts of both pipelines, run in bash: with driftline itself on simulated states, and with programs that fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integrations.ready import SUBSCRIPTION, Desk, azure_steps, github_steps, step

SCAN = step(github_steps(), "Scan")["run"]
COMMENT = step(github_steps(), "Comment on the pull request")["run"]
GATE = step(github_steps(), "Gate")["run"]
KNOW = step(github_steps(), "Take a result that passed as known")["run"]
STAGE_SCAN = step(azure_steps(), "Scan", "task")["inputs"]["inlineScript"]
SUMMARY = step(azure_steps(), "Summary")["bash"]
GITHUB = {"SUBSCRIPTION": SUBSCRIPTION, "DRIFTLINE_ENVIRONMENT": "prod", "DRIFTLINE_FAIL_ON": "high", "ONLY_NEW": "false"}
#: Answers as the API gives them, after --jq, and notes down what was asked.
GH = """
echo "$*" >> "$ASKED"
case "$*" in
  *commits/*) cat "$ANSWERS/pulls" ;;
  *--paginate*) cat "$ANSWERS/comments" ;;
  *) cp body.md "$ASKED.body" ;;
esac
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def scan(desk: Desk, **more: str) -> tuple[dict[str, str], str]:
    """Run the step that scans: its outputs, and what it printed."""
    output, summary = desk.place / "output", desk.place / "summary"
    output.write_text("", encoding="utf-8")
    ran = desk.run(SCAN, **{**GITHUB, "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary), **more})
    assert ran.returncode == 0, ran.stderr
    return dict(line.split("=") for line in output.read_text(encoding="utf-8").splitlines()), ran.stdout


def test_a_scan_that_fails_leaves_all_reports_and_decides_only_at_the_gate(desk: Desk) -> None:
    desk.scan_state("drifted")
    told, shown = scan(desk)
    assert told == {"code": "1", "reports": "true"}
    assert {path.name for path in (desk.work / "out").iterdir()} == {
        "result.json", "result.sarif", "comment.md", "report.html", "state.jsonl.gz",
    }  # fmt: skip
    assert (desk.place / "summary").read_bytes() == (desk.work / "out" / "comment.md").read_bytes()
    assert "::error" in shown
    assert desk.run(GATE, CODE=told["code"]).returncode == 1


def test_what_is_known_no_longer_fails_the_gate(desk: Desk) -> None:
    desk.scan_state("drifted")
    assert scan(desk, ONLY_NEW="true", DRIFTLINE_FAIL_ON="never")[0]["code"] == "0"  # the first run
    assert desk.run(KNOW).returncode == 0
    assert scan(desk, ONLY_NEW="true")[0]["code"] == "0"
    assert scan(desk)[0]["code"] == "1"


def test_a_scan_that_could_not_run_fails_the_gate_without_reports(desk: Desk) -> None:
    desk.program("driftline", "echo 'no sign-in' >&2; exit 2")
    assert scan(desk)[0] == {"code": "2"}
    assert desk.run(GATE, CODE="2").returncode == 2


def test_a_gate_without_a_scan_does_not_pass(desk: Desk) -> None:
    assert desk.run(GATE, CODE="").returncode == 2
    assert desk.run(GATE, CODE="0").returncode == 0


def comment(desk: Desk, *, pulls: str = "7\n", comments: str = "", **more: str) -> list[str]:
    """Run the step that comments: what was asked of the API."""
    answers, asked = desk.place / "answers", desk.place / "asked"
    answers.mkdir(exist_ok=True)
    (answers / "pulls").write_text(pulls, encoding="utf-8")
    (answers / "comments").write_text(comments, encoding="utf-8")
    asked.write_text("", encoding="utf-8")
    (desk.work / "out").mkdir(exist_ok=True)
    (desk.work / "out" / "comment.md").write_text("### driftline: 1 failing\n", encoding="utf-8")
    desk.program("gh", GH)
    ran = desk.run(
        COMMENT, ANSWERS=str(answers), ASKED=str(asked), GITHUB_REPOSITORY="o/r", GITHUB_SHA="c0ffee",
        DRIFTLINE_ENVIRONMENT="prod", **{"NUMBER": "", **more},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return asked.read_text(encoding="utf-8").splitlines()


def test_the_first_comment_is_posted_where_the_commit_leads(desk: Desk) -> None:
    asked = comment(desk)
    assert asked[0].startswith("api repos/o/r/commits/c0ffee/pulls ")
    assert asked[-1] == "api --silent --method POST repos/o/r/issues/7/comments --field body=@body.md"
    assert (desk.place / "asked.body").read_text(encoding="utf-8") == "<!-- driftline prod -->\n### driftline: 1 failing\n"


def test_later_ones_take_its_place(desk: Desk) -> None:
    listed = "41 Thanks!\n42 <!-- driftline dev -->\n43 <!-- driftline prod -->\n44 <!-- driftline prod -->\n"
    assert comment(desk, comments=listed, NUMBER="9")[-1] == (
        "api --silent --method PATCH repos/o/r/issues/comments/43 --field body=@body.md"
    )


def test_a_commit_without_a_pull_request_gets_no_comment(desk: Desk) -> None:
    assert [line.split()[1] for line in comment(desk, pulls="")] == ["repos/o/r/commits/c0ffee/pulls"]


def stage(desk: Desk, **more: str) -> tuple[int, str]:
    """Run the script of AzureCLI@2: its exit code, and what it printed."""
    environment = {
        **GITHUB,
        "ONLY_NEW": "False",
        "REPORTS": str(desk.work / "reports"),
        "KNOWN": str(desk.work / "known"),
        **more,
    }
    ran = desk.run(STAGE_SCAN, **environment)
    return ran.returncode, ran.stdout


def test_the_stage_ends_with_the_exit_code_and_leaves_what_is_published(desk: Desk) -> None:
    desk.scan_state("drifted")
    code, shown = stage(desk)
    assert code == 1
    assert "##vso[task.logissue type=error" in shown
    assert {"junit.xml", "result.json", "comment.md", "state.jsonl.gz"} <= {
        path.name for path in (desk.work / "reports").iterdir()
    }
    told = desk.run(SUMMARY, REPORTS=str(desk.work / "reports"))
    assert told.stdout == f"##vso[task.uploadsummary]{desk.work / 'reports'}/comment.md\n"


def test_the_stage_counts_only_what_got_worse_where_it_is_told_to(desk: Desk) -> None:
    desk.scan_state("drifted")
    assert stage(desk, ONLY_NEW="True", DRIFTLINE_FAIL_ON="never")[0] == 0
    (desk.work / "known").mkdir()
    (desk.work / "reports" / "result.json").rename(desk.work / "known" / "result.json")
    assert stage(desk, ONLY_NEW="True")[0] == 0
    assert stage(desk)[0] == 1


def test_a_stage_that_could_not_run_has_something_to_publish_all_the_same(desk: Desk) -> None:
    desk.program("driftline", "exit 2")
    assert stage(desk)[0] == 2
    assert (desk.work / "reports").is_dir()
    assert desk.run(SUMMARY, REPORTS=str(desk.work / "reports")).stdout == ""
