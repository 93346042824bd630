"""`driftline collect`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scanner.cli import options as o

__all__ = ["command"]


def command(
    output: Annotated[Path, typer.Option("--output", help="The snapshot file, .jsonl or .jsonl.gz.")],
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
    config: o.ConfigFile = None,
    baseline: o.BaselineName = "",
    environment: o.Environment = "",
    rules: o.RuleDirectories = None,
    now: o.Now = None,
    quiet: o.Quiet = False,
    no_progress: o.NoProgress = False,
    verbose: o.Verbose = False,
    log_file: o.LogFile = None,
) -> int:
    """Read what a scan would need into a snapshot file, and judge nothing.

    Example: driftline collect --subscription 00000000-0000-0000-0000-000000000000 --output snapshot.jsonl.gz
    """
    from scanner.cli.compose import (
        SourceOptions,
        moment_of,
        open_source,
        progress_line,
        set_up_logging,
        settle,
        shared_subscriptions,
    )
    from scanner.engine.plan import plan_reads
    from scanner.sources.azure.options import AzureOptions
    from scanner.sources.snapshot_file import write_snapshot

    set_up_logging(verbose=verbose, log_file=log_file)
    judging = settle(config, {"baseline": baseline, "environment": environment, "rules": rules}, None, None)
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
    asked = SourceOptions(live, snapshot, assume_complete, simulate)
    plan = plan_reads(judging.rule_set, judging.baseline, judging.settings.workloads, fresh=fresh or bool(resource_groups))
    with progress_line(wanted=not (quiet or no_progress)) as progress, open_source(asked, progress, moment_of(now)) as source:
        write_snapshot(output, source.snapshots(plan), complete=lambda: source.complete)
    if not quiet:
        typer.echo(f"{output} written", err=True)
    return 0
