"""Options that several commands share, declared once."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "AllowUnknown",
    "ArmEndpoint",
    "AssumeComplete",
    "Authority",
    "BaselineName",
    "CaFile",
    "Cloud",
    "CloudName",
    "ConfigFile",
    "DeployLocation",
    "Environment",
    "EvidenceFiles",
    "ExplainConfig",
    "FailLevel",
    "FailOn",
    "Faults",
    "Format",
    "Formats",
    "Fresh",
    "IncludePasses",
    "LogFile",
    "ManagementGroup",
    "NoProgress",
    "Now",
    "Only",
    "OnlyNew",
    "Output",
    "Parameters",
    "Quiet",
    "ResourceGroups",
    "RuleDirectories",
    "Simulate",
    "Skip",
    "SnapshotFile",
    "Store",
    "StoreRetention",
    "Subscriptions",
    "Template",
    "Verbose",
    "WhatIf",
]


class Cloud(StrEnum):
    """Azure's clouds."""

    PUBLIC = "public"
    GOVERNMENT = "government"
    CHINA = "china"


class FailLevel(StrEnum):
    """The severities from which a failure counts for the exit code."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"
    NEVER = "never"


class Format(StrEnum):
    """Formats of a result."""

    TERMINAL = "terminal"
    JSON = "json"
    HTML = "html"
    SVG = "svg"
    SARIF = "sarif"
    JUNIT = "junit"
    CSV = "csv"
    MARKDOWN = "markdown"
    OCSF = "ocsf"
    GITHUB = "github"
    AZDO = "azdo"


_LIVE, _READ, _JUDGE, _SHOW = "Live source", "Other sources", "What is judged", "What comes out"

Subscriptions = Annotated[
    list[str] | None, typer.Option("--subscription", help="A subscription's id; may be repeated.", rich_help_panel=_LIVE)
]
ManagementGroup = Annotated[str, typer.Option(help="Every subscription below this management group.", rich_help_panel=_LIVE)]
ResourceGroups = Annotated[
    list[str] | None, typer.Option("--resource-group", help="Only this group; may be repeated.", rich_help_panel=_LIVE)
]
CloudName = Annotated[Cloud, typer.Option("--cloud", help="Azure's cloud.", rich_help_panel=_LIVE)]
ArmEndpoint = Annotated[str, typer.Option(help="Another ARM endpoint, such as a simulator's.", rich_help_panel=_LIVE)]
Authority = Annotated[str, typer.Option(help="Another sign-in endpoint.", rich_help_panel=_LIVE)]
CaFile = Annotated[Path | None, typer.Option(help="Certificates to trust, in PEM.", rich_help_panel=_LIVE)]
Fresh = Annotated[
    bool, typer.Option("--fresh", help="Read everything directly instead of from the lagging index.", rich_help_panel=_LIVE)
]
SnapshotFile = Annotated[
    Path | None, typer.Option("--snapshot", help="A snapshot file, or a plain export of ARM bodies.", rich_help_panel=_READ)
]
AssumeComplete = Annotated[
    bool, typer.Option("--assume-complete", help="Take what a plain export does not hold for absent.", rich_help_panel=_READ)
]
Template = Annotated[
    Path | None,
    typer.Option("--template", help="An ARM template, or Bicep; where to is said by the live options.", rich_help_panel=_READ),
]
Parameters = Annotated[Path | None, typer.Option("--parameters", help="Values of its parameters.", rich_help_panel=_READ)]
WhatIf = Annotated[
    Path | None, typer.Option("--what-if", help="What Azure predicts of the template, by what-if.", rich_help_panel=_READ)
]
DeployLocation = Annotated[
    str, typer.Option("--location", help="Location of the group or deployment of the template.", rich_help_panel=_READ)
]
Simulate = Annotated[
    str,
    typer.Option("--simulate", help="Start a simulator with this state: reference, drifted or a file.", rich_help_panel=_READ),
]
Faults = Annotated[Path | None, typer.Option("--faults", help="A file of faults that the simulator shows.")]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="Settings; driftline.yaml here when it exists.", rich_help_panel=_JUDGE)
]
BaselineName = Annotated[str, typer.Option("--baseline", help="A shipped baseline or a directory.", rich_help_panel=_JUDGE)]
Environment = Annotated[str, typer.Option("--environment", help="An environment of the baseline.", rich_help_panel=_JUDGE)]
RuleDirectories = Annotated[
    list[Path] | None, typer.Option("--rules", help="A further directory of rules; may be repeated.", rich_help_panel=_JUDGE)
]
EvidenceFiles = Annotated[
    list[Path] | None,
    typer.Option("--evidence", help="A file or directory of evidence; may be repeated.", rich_help_panel=_JUDGE),
]
Only = Annotated[
    list[str] | None, typer.Option("--only", help="Only this rule, control or family; may be repeated.", rich_help_panel=_JUDGE)
]
Skip = Annotated[
    list[str] | None, typer.Option("--skip", help="Not this rule, control or family; may be repeated.", rich_help_panel=_JUDGE)
]
Now = Annotated[
    datetime | None,
    typer.Option(
        "--now",
        formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"],
        help="The time to judge at (UTC), pinned in the result.",
        rich_help_panel=_JUDGE,
    ),
]
FailOn = Annotated[
    FailLevel | None,
    typer.Option("--fail-on", help="Failures from here on give exit code 1; high by default.", rich_help_panel=_SHOW),
]
OnlyNew = Annotated[
    str,
    typer.Option(
        "--only-new",
        metavar="RESULT.json|store",
        help="Only what got worse since this result, or since the last scan in the store, counts for the exit code.",
        rich_help_panel=_SHOW,
    ),
]
Store = Annotated[
    str,
    typer.Option(
        "--store",
        metavar="URL",
        help="The history of scans: sqlite:///driftline.db or postgresql+psycopg://…",
        rich_help_panel=_SHOW,
    ),
]
StoreRetention = Annotated[
    int | None,
    typer.Option("--store-retention", min=1, help="Drop scans from it that are older than so many days.", rich_help_panel=_SHOW),
]
AllowUnknown = Annotated[
    bool, typer.Option("--allow-unknown", help="Unknown verdicts do not give exit code 3.", rich_help_panel=_SHOW)
]
Formats = Annotated[list[Format] | None, typer.Option("--format", help="Formats; may be repeated.", rich_help_panel=_SHOW)]
Output = Annotated[Path | None, typer.Option("--output", help="Where files go; a directory.", rich_help_panel=_SHOW)]
Keep = Annotated[
    Path | None,
    typer.Option(
        "--keep", help="Keep what was read as a snapshot, .jsonl or .jsonl.gz: remediate needs it.", rich_help_panel=_SHOW
    ),
]
IncludePasses = Annotated[bool, typer.Option("--include-passes", help="Write passes out as findings.", rich_help_panel=_SHOW)]
ExplainConfig = Annotated[
    bool, typer.Option("--explain-config", help="Print every setting with its origin, and stop.", rich_help_panel=_SHOW)
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Nothing but results.", rich_help_panel=_SHOW)]
NoProgress = Annotated[bool, typer.Option("--no-progress", help="No progress line.", rich_help_panel=_SHOW)]
Verbose = Annotated[bool, typer.Option("--verbose", help="Say more on stderr.", rich_help_panel=_SHOW)]
LogFile = Annotated[Path | None, typer.Option("--log-file", help="Keep a log, without secrets.", rich_help_panel=_SHOW)]
