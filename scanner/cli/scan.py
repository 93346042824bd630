"""`driftline scan`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from scanner.cli import options as o

if TYPE_CHECKING:
    from scanner.cli.compose import Judging
    from scanner.model.result import Result

__all__ = ["command"]


def command(
    subscriptions: o.Subscriptions = None,
    management_group: o.ManagementGroup = "",
    resource_groups: o.ResourceGroups = None,
    cloud: o.CloudName = o.Cloud.PUBLIC,
    arm_endpoint: o.ArmEndpoint = "",
    authority: o.Authority = "",
    ca_file: o.CaFile = None,
    fresh: o.Fresh = False,
    snapshot: o.SnapshotFile = None,
    assume_complete: o.AssumeComplete = False,
    simulate: o.Simulate = "",
    template: o.Template = None,
    parameters: o.Parameters = None,
    what_if: o.WhatIf = None,
    location: o.DeployLocation = "",
    config: o.ConfigFile = None,
    baseline: o.BaselineName = "",
    environment: o.Environment = "",
    rules: o.RuleDirectories = None,
    evidence: o.EvidenceFiles = None,
    only: o.Only = None,
    skip: o.Skip = None,
    now: o.Now = None,
    fail_on: o.FailOn = None,
    allow_unknown: o.AllowUnknown = False,
    formats: o.Formats = None,
    output: o.Output = None,
    keep: o.Keep = None,
    store: o.Store = "",
    store_retention: o.StoreRetention = None,
    only_new: o.OnlyNew = "",
    include_passes: o.IncludePasses = False,
    explain_config: o.ExplainConfig = False,
    quiet: o.Quiet = False,
    no_progress: o.NoProgress = False,
    verbose: o.Verbose = False,
    log_file: o.LogFile = None,
) -> int:
    """Judge a subscription, a snapshot, a template or a simulated state against its reference architecture.

    Exit codes: 0 nothing failing, 1 something is, 2 could not run, 3 something is unknown.

    Example: driftline scan --subscription 00000000-0000-0000-0000-000000000000 --output out --format json
    """
    from scanner.cli.compose import (
        SourceOptions,
        kept,
        moment_of,
        open_source,
        progress_line,
        set_up_logging,
        settle,
        shared_subscriptions,
    )
    from scanner.cli.delivery import deliver
    from scanner.cli.past import open_past
    from scanner.cli.telling import tell
    from scanner.engine.scan import run_scan
    from scanner.engine.waive import apply_waivers
    from scanner.sources.azure.options import AzureOptions

    set_up_logging(verbose=verbose, log_file=log_file)
    given: dict[str, Any] = {
        "baseline": baseline,
        "environment": environment,
        "fail_on": fail_on,
        "rules": rules,
        "evidence": evidence,
        "store": store,
        "store_retention": store_retention,
    }
    judging = settle(config, given, only, skip)
    if explain_config:
        return _explain(judging)
    past = open_past(judging.settings, only_new)
    moment = moment_of(now)
    live = AzureOptions(
        tuple(subscriptions or ()),
        management_group,
        tuple(resource_groups or ()),
        cloud.value,
        arm_endpoint,
        authority,
        ca_file,
        shared_subscriptions(judging.settings.workloads),
    )
    asked = SourceOptions(live, snapshot, assume_complete, simulate, template, parameters, what_if, location)
    direct = fresh or bool(resource_groups)
    # A file tells no progress; and the thread of a progress line would keep its units from processes of their own.
    shown = not (quiet or no_progress or snapshot or template)
    with (
        progress_line(wanted=shown) as progress,
        open_source(asked, progress, moment) as source,
        kept(keep, source) as keeper,
    ):
        result = run_scan(
            source,
            judging.rule_set,
            judging.baseline,
            workloads=judging.settings.workloads,
            now=moment,
            pinned=now is not None,
            fresh=direct,
            keep=keeper,
        )
    result = past.compared(apply_waivers(result, judging.waivers, moment.date()))
    deliver(result, [item.value for item in formats or ()], output, include_passes=include_passes, quiet=quiet)
    past.keep(result)
    tell(result, judging.settings.notify, moment)
    return _conclude(result, judging.settings.fail_on.value, allow_unknown=allow_unknown, only_new=bool(only_new), quiet=quiet)


def _conclude(result: Result, fail_on: str, *, allow_unknown: bool, only_new: bool, quiet: bool) -> int:
    """The exit code, said in words."""
    from scanner.cli.outcome import exit_code, exit_words, left_out, worse_since

    worse = worse_since(result.since) if only_new else None
    code = exit_code(result, fail_on, allow_unknown=allow_unknown, worse=worse)
    if not quiet:
        if only_new and worse is None:
            typer.echo("There is no earlier scan to compare with: everything counts.", err=True)
        waived, known = sum(item.waived for item in result.findings), left_out(result, fail_on, worse)
        typer.echo(exit_words(code, fail_on, waived=waived, known=known), err=True)
    return code


def _explain(judging: Judging) -> int:
    import json

    from scanner.rules.settings import explain

    for item in explain(judging.settings, judging.baseline):
        typer.echo(f"{item.name} = {json.dumps(item.value, ensure_ascii=False)}    ({item.origin})")
    return 0
