"""What every test may rely on: the shared reference material, hypothesis settings, and the promise that CI skips nothing."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"

# No deadline anywhere: machines that run tests are busy. In CI the same examples each time, so that red means the change.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "local")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference material that lies beside the checkout: real ARM answers, the path table, the control catalogue."""
    if not SHARED.is_dir():
        pytest.skip("needs the reference material in ../shared, beside the checkout")
    return SHARED


class MutationScore:
    """Counts the single breaks of the reference that were found out, and the changes of paths that changed a verdict, and says so."""

    def __init__(self) -> None:
        self.outcomes: dict[str, bool] = {}
        self.paths: Counter[tuple[str, bool]] = Counter()
        self.fixes: dict[str, set[str]] = {"mended": set(), "people": set()}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.nodeid.startswith("tests/mutations/test_mutations.py::test_a_break"):
            self.outcomes[report.nodeid] = report.passed
            for kind, control in report.user_properties:
                self.fixes[kind].add(str(control))
        if report.when == "call" and report.nodeid.startswith("tests/mutations/test_paths.py"):
            self.paths.update((kind, bool(matters)) for kind, matters in report.user_properties)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.outcomes:
            for words, asked in (("breaks of the deployment", False), ("demands by parameter alone", True)):
                found = [passed for name, passed in self.outcomes.items() if (" by parameter: " in name) is asked]
                terminalreporter.line(f"mutation score: {sum(found)} of {len(found)} {words} found")
            mended, people = self.fixes["mended"], self.fixes["people"]
            terminalreporter.line(
                f"fix score: {len(mended)} controls are broken, mended by a proven plan, and led back by its undo; "
                f"{len(people - mended)} are left to people"
            )
        if self.paths:
            self._tell_paths(terminalreporter)

    def _tell_paths(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Of each path: taken away, another value, an impossible type; letter case, where no verdict may change."""
        matter, same = (("remove", "flip", "type"), ("letters", "name"))
        found = sum(self.paths[kind, True] for kind in matter)
        harmless = sum(self.paths[kind, False] for kind in matter)
        cases = sum(self.paths[kind, False] for kind in same)
        total = cases + sum(self.paths[kind, True] for kind in same)
        terminalreporter.line(
            f"path mutation score: {found} of {found + harmless} changes of paths that are read change a verdict,"
            f" {harmless} are declared harmless; {cases} of {total} changes of letter case change none"
        )


class SkipsAreFailures:
    """Fails a run in which anything was skipped, and says what and why; for CI, where every suite has what it needs."""

    def __init__(self) -> None:
        self.skipped: set[tuple[str, str]] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._note(report)

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            self.skipped.add((report.nodeid, reason))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.skipped and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.skipped:
            terminalreporter.section("skipped, which --fail-on-skip forbids", red=True)
            for test, reason in sorted(self.skipped):
                terminalreporter.line(f"{test}: {reason}")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer `--fail-on-skip`, which CI=true implies."""
    parser.addoption(
        "--fail-on-skip", action="store_true", default=os.environ.get("CI") == "true", help="a skipped test fails the run"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Count and watch in the process that reports (with xdist, not in its workers)."""
    if hasattr(config, "workerinput"):
        return
    config.pluginmanager.register(MutationScore(), "mutation-score")
    if config.getoption("--fail-on-skip"):
        config.pluginmanager.register(SkipsAreFailures(), "skips-are-failures")
