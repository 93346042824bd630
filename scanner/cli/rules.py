"""`driftline rules`: list, show, test, new, schema, docs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scanner.cli import options as o
from scanner.cli import rules_docs
from scanner.model.errors import DriftlineError

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The rules: what there is, what each says, whether its cases hold."
)


app.command("docs")(rules_docs.command)


@app.command("list")
def list_rules(rules: o.RuleDirectories = None, only: o.Only = None, skip: o.Skip = None) -> int:
    """List every rule with its severity and title.

    Example: driftline rules list --only net
    """
    from scanner.cli.compose import settle

    for rule in settle(None, {"rules": rules}, only, skip).rule_set.rules:
        typer.echo(f"{rule.id:<10} {rule.severity.value:<9} {rule.title}")
    return 0


@app.command("show")
def show_rule(rule_id: Annotated[str, typer.Argument(metavar="ID")], rules: o.RuleDirectories = None) -> int:
    """Show one rule, or the rules of one control: what it says, why, how it is judged, how to mend it.

    Example: driftline rules show NET-005
    """
    from scanner.cli.compose import settle
    from scanner.report.words import framework_title

    for rule in settle(None, {"rules": rules}, [rule_id], None).rule_set.rules:
        typer.echo(f"{rule.id} ({rule.control}, {rule.severity.value}, {rule.pillar}): {rule.title}\n")
        typer.echo(f"Why: {rule.rationale}\nHow: {rule.help}\nSection: {rule.section}")
        if rule.frameworks:
            typer.echo(
                "Mapping: " + "; ".join(f"{framework_title(name)}: {', '.join(ids)}" for name, ids in rule.frameworks.items())
            )
        if rule.fix is not None:
            because = f", {rule.fix.disrupts_text}" if rule.fix.disrupts_text else ""
            typer.echo(f"Fix: {rule.fix.title} (disrupts: {rule.fix.disrupts}{because})")
        typer.echo(f"File: {rule.file}\n")
    return 0


@app.command("test")
def run_rule_cases(
    path: Annotated[Path | None, typer.Argument(help="Cases: a file or directory.")] = None, rules: o.RuleDirectories = None
) -> int:
    """Run the cases of rules, and fail a rule of which some condition never matters.

    Example: driftline rules test our-rules/tests
    """
    from datetime import UTC, datetime

    from scanner.cli.compose import settle
    from scanner.engine.cases import run_cases
    from scanner.rules import load_cases

    directories = [path] if path is not None else [item / "tests" for item in rules or [] if (item / "tests").is_dir()]
    if not directories:
        raise DriftlineError(
            "no cases are named",
            hint="Name a file or directory of cases, or --rules DIR with tests/ inside (DIR/tests/<family>/<name>.yaml).",
        )
    judging = settle(None, {"rules": rules}, None, None)
    reports = list(run_cases(load_cases(directories), judging.rule_set, judging.baseline, datetime.now(UTC)))
    tested = {report.rule for report in reports}
    own = {rule.id for rule in judging.rule_set.rules if any(_lies_in(rule.file, item) for item in rules or [])}
    for report in reports:
        typer.echo(f"{'ok  ' if not report.failures else 'FAIL'} {report.rule} ({report.cases} cases)")
        for failure in report.failures:
            typer.echo(f"     {failure.file}:{failure.line}: {failure.description}: {failure.difference}")
    untested = sorted(own - tested) if path is None else []
    for name in untested:
        typer.echo(f"FAIL {name} (no cases: write them in tests/ below its directory)")
    failing = sum(bool(report.failures) for report in reports) + len(untested)
    typer.echo(f"{len(tested) + len(untested) - failing} of {len(tested) + len(untested)} rules hold")
    return 1 if failing else 0


def _lies_in(file: str, directory: Path) -> bool:
    return Path(file).resolve().is_relative_to(directory.resolve())


@app.command("new")
def new_rule(
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="Such as OUR-001.")],
    directory: Annotated[Path, typer.Option("--rules", help="The directory of rules it goes to.")] = Path("our-rules"),
) -> int:
    """Write a rule with its cases, to be made your own.

    Example: driftline rules new OUR-001 --rules our-rules
    """
    import re

    from scanner.cli.compose import settle
    from scanner.rules.scaffold import scaffold_rule

    if not re.fullmatch(r"[A-Z][A-Z0-9]*-[0-9]{3}[a-z]?", rule_id):
        raise DriftlineError(f'"{rule_id}" is no rule id', hint="An id is a family and a number: OUR-001.")
    if settle(None, {}, None, None).rule_set.get(rule_id) is not None:
        raise DriftlineError(f"{rule_id} is the id of a rule that driftline ships", hint="Choose a family of your own: OUR-001.")
    for path in scaffold_rule(rule_id, directory):
        typer.echo(f"{path} written")
    typer.echo(f"Try it: driftline rules test --rules {directory}")
    return 0


@app.command("schema")
def schema(
    kind: Annotated[str, typer.Argument(help="rule, cases, baseline, settings, waivers, evidence, result, snapshot…")] = "rule",
) -> int:
    """Print the JSON Schema of a kind of file, for editors and pipelines.

    Example: driftline rules schema rule > rule.schema.json
    """
    import json

    from scanner.report.schemas import schemas

    known = schemas()
    if kind not in known:
        raise DriftlineError(f'no kind of file is called "{kind}"', hint=f"Known: {', '.join(sorted(known))}.")
    typer.echo(json.dumps(known[kind], indent=2))
    return 0
