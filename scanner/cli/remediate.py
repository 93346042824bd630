"""`driftline remediate`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.cli import options as o

if TYPE_CHECKING:
    from scanner.remediation.plan import Plan

__all__ = ["command"]


class ScriptFormat(StrEnum):
    """What a plan is rendered as."""

    AZ = "az"
    ARM = "arm"
    POWERSHELL = "powershell"
    TERRAFORM = "terraform"


class Prover(StrEnum):
    """What tries a plan."""

    SIMULATOR = "simulator"
    AZ = "az"


def command(
    result: Annotated[Path, typer.Argument(metavar="RESULT.json", help="The result of a scan of the snapshot.")],
    snapshot: Annotated[Path, typer.Option("--snapshot", help="The snapshot that was judged: scan --keep writes it.")],
    output: Annotated[Path, typer.Option("--output", help="The directory of plan, scripts and README.")],
    assume_complete: o.AssumeComplete = False,
    config: o.ConfigFile = None,
    baseline: o.BaselineName = "",
    environment: o.Environment = "",
    rules: o.RuleDirectories = None,
    evidence: o.EvidenceFiles = None,
    only: o.Only = None,
    formats: Annotated[
        list[ScriptFormat] | None, typer.Option("--format", help="Scripts, az by default; may be repeated.")
    ] = None,
    prove: Annotated[bool, typer.Option("--prove", help="Try the plan and its undo on a simulator of the snapshot.")] = False,
    prove_with: Annotated[
        Prover | None, typer.Option("--prove-with", help="az: run the very script by the real az on that simulator.")
    ] = None,
    quiet: o.Quiet = False,
) -> int:
    """Write the script that mends what a scan found, its undo, and what a reviewer has to know. Nothing in Azure is changed.

    Exit codes: 0 written (and proven as far as asked), 1 the proof failed, 2 could not run.

    Example: driftline remediate out/result.json --snapshot snapshot.jsonl.gz --prove --output fix
    """
    from scanner.cli.compose import write_private
    from scanner.cli.outcome import CLEAN, FAILING
    from scanner.cli.remediating import hold_together, plan_of, proven, settled_for, with_proof
    from scanner.remediation.plan_json import render_plan
    from scanner.remediation.renderers.readme import render_readme
    from scanner.remediation.renderers.table import RENDERERS
    from scanner.report.result_json import render_json
    from scanner.report.result_reading import read_result

    scanned = read_result(result)
    given = {"baseline": baseline, "environment": environment, "rules": rules, "evidence": evidence}
    material = hold_together(scanned, snapshot, settled_for(scanned, config, given), assume_complete=assume_complete)
    plan = plan_of(material, only or [])
    if prove or prove_with is not None:
        plan = proven(plan, material, (prove_with or Prover.SIMULATOR).value)
    chosen = [item.value for item in formats or [ScriptFormat.AZ]]
    files = {"plan.json": render_plan(plan), "result.json": render_json(with_proof(scanned, plan))}
    for name in chosen:
        files |= RENDERERS[name](plan)
    files |= render_readme(plan, chosen)
    for name, content in files.items():
        write_private(output / name, content)
        if not quiet:
            typer.echo(f"{output / name} written", err=True)
    if not quiet:
        _summarise(plan)
    return FAILING if plan.proof is not None and not plan.proof.holds else CLEAN


def _summarise(plan: Plan) -> None:
    from scanner.cli.compose import show_text, terminal_width
    from scanner.remediation.summary import summarise

    show_text(summarise(plan, width=terminal_width()))
