"""`driftline baseline init`: looks at a subscription, asks what is ambiguous, writes driftline.yaml."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.cli import options as o

if TYPE_CHECKING:
    from scanner.engine.propose import Proposal, Question

__all__ = ["command"]

Ask = Callable[["Question"], str]


def command(
    output: Annotated[Path, typer.Option("--output", help="The settings file to write.")] = Path("driftline.yaml"),
    subscriptions: o.Subscriptions = None,
    management_group: o.ManagementGroup = "",
    resource_groups: o.ResourceGroups = None,
    cloud: o.CloudName = o.Cloud.PUBLIC,
    arm_endpoint: o.ArmEndpoint = "",
    authority: o.Authority = "",
    ca_file: o.CaFile = None,
    snapshot: o.SnapshotFile = None,
    simulate: o.Simulate = "",
    baseline: o.BaselineName = "",
    environment: o.Environment = "",
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: write the choices as comments.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the file where it exists.")] = False,
) -> int:
    """Look at a subscription, bind its components, ask about ambiguities and write driftline.yaml.

    Example: driftline baseline init --subscription 00000000-0000-0000-0000-000000000000
    """
    from scanner.cli.compose import SourceOptions, moment_of, open_source, settle, write_private
    from scanner.engine.plan import plan_reads
    from scanner.engine.propose import propose_workloads
    from scanner.model.errors import DriftlineError
    from scanner.sources.azure.options import AzureOptions

    if output.exists() and not force:
        raise DriftlineError(f"{output} is there already", hint="Write elsewhere with --output, or replace it with --force.")
    judging = settle(None, {"baseline": baseline, "environment": environment}, ["GOV-004"], None)
    live = AzureOptions(
        tuple(subscriptions or ()), management_group, tuple(resource_groups or ()), cloud.value, arm_endpoint, authority, ca_file
    )
    asked = SourceOptions(live, snapshot, simulate=simulate)
    plan = plan_reads(judging.rule_set, judging.baseline)
    with open_source(asked, None, moment_of(None)) as source:
        proposals = [item for unit in source.snapshots(plan) for item in propose_workloads(unit, judging.baseline)]
    ask = _ask if sys.stdin.isatty() and not yes else _leave_open
    text = "\n".join(_lines(proposals, judging.baseline.name, judging.baseline.environment, ask)) + "\n"
    write_private(output, text.encode("utf-8", "replace"))
    count = "one workload" if len(proposals) == 1 else f"{len(proposals)} workloads"
    typer.echo(f"{output} written, {count}. Look it over, then: driftline scan --config {output}", err=True)
    return 0


def _lines(proposals: list[Proposal], baseline: str, environment: str, ask: Ask) -> Iterator[str]:
    yield "# Written by `driftline baseline init`; yours to edit. `driftline baseline show` lists the parameters."
    yield f"baseline: {json.dumps(baseline)}"
    yield f"environment: {json.dumps(environment)}"
    yield "workloads:"
    for item in proposals:
        yield f"  - name: {json.dumps(item.name)}"
        yield f"    scopes: {json.dumps(list(item.scopes))}"
        yield from _components(item, ask)
        for name, reason in item.absent:
            yield f"    # {name} is not there or could not be read: {_comment(reason)}"


def _components(item: Proposal, ask: Ask) -> Iterator[str]:
    answers = [(question, ask(question)) for question in item.questions]
    if any(answer for _, answer in answers):
        yield "    components:"
    for question, answer in answers:
        if answer:
            yield f"      {json.dumps(question.component)}: {json.dumps(answer)}"
    for question, answer in answers:
        if not answer:
            yield f"    # {question.component} ({_comment(question.purpose)}): name one under components:"
            yield from (f"    #   {question.component}: {_comment(json.dumps(one))}" for one in question.candidates)


def _comment(text: str) -> str:
    """A text that stays on its comment's line."""
    from scanner.language.messages import printable

    return printable(text, longest=400)


def _ask(question: Question) -> str:
    typer.echo(f"Which is {question.component} ({question.purpose})?", err=True)
    for at, one in enumerate(question.candidates, start=1):
        typer.echo(f"  {at}. {_comment(one)}", err=True)
    chosen = -1
    while not 0 <= chosen <= len(question.candidates):
        chosen = typer.prompt("Number, or 0 to leave it open", type=int, default=0, err=True)
    return question.candidates[chosen - 1] if chosen else ""


def _leave_open(_: Question) -> str:
    return ""
