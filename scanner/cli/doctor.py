"""`driftline doctor`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from scanner.cli import options as o

__all__ = ["command"]


def command(
    subscriptions: o.Subscriptions = None,
    management_group: o.ManagementGroup = "",
    resource_groups: o.ResourceGroups = None,
    cloud: o.CloudName = o.Cloud.PUBLIC,
    arm_endpoint: o.ArmEndpoint = "",
    authority: o.Authority = "",
    ca_file: o.CaFile = None,
    simulate: o.Simulate = "",
    config: o.ConfigFile = None,
    baseline: o.BaselineName = "",
    environment: o.Environment = "",
    rules: o.RuleDirectories = None,
    only: o.Only = None,
    skip: o.Skip = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
    verbose: o.Verbose = False,
    log_file: o.LogFile = None,
) -> int:
    """Sign in, hold what you may read against what the rules need, and scan nothing.

    Exit codes: 0 everything can be read, 2 could not sign in, 3 some rules would stay unknown.

    Example: driftline doctor --subscription 00000000-0000-0000-0000-000000000000
    """
    import shutil

    from scanner.cli.compose import SourceOptions, moment_of, open_source, set_up_logging, settle, shared_subscriptions
    from scanner.cli.outcome import CLEAN, UNDECIDED
    from scanner.engine.doctor import diagnose, planned_types
    from scanner.engine.plan import plan_reads
    from scanner.model.errors import DriftlineError
    from scanner.report.doctor import render_diagnoses, render_diagnoses_json
    from scanner.sources.azure import AzureOptions, AzureSource

    set_up_logging(verbose=verbose, log_file=log_file)
    given: dict[str, Any] = {"baseline": baseline, "environment": environment, "rules": rules}
    judging = settle(config, given, only, skip)
    live = AzureOptions(
        tuple(subscriptions or ()), management_group, tuple(resource_groups or ()), cloud.value, arm_endpoint, authority, ca_file,
        shared_subscriptions(judging.settings.workloads),
    )  # fmt: skip
    with open_source(SourceOptions(live, simulate=simulate), None, moment_of(None)) as source:
        if not isinstance(source, AzureSource):
            raise DriftlineError("a file needs no permissions", hint="Name a subscription, or --simulate STATE.")
        access = source.access(planned_types(plan_reads(judging.rule_set, judging.baseline)))
    diagnoses = diagnose(judging.rule_set, judging.baseline, access)
    if as_json:
        typer.echo(render_diagnoses_json(diagnoses).decode(), nl=False)
    else:
        width = min(shutil.get_terminal_size((80, 24)).columns, 120)
        typer.echo(render_diagnoses(diagnoses, width=width), nl=False)
    return CLEAN if all(item.healthy for item in diagnoses) else UNDECIDED
