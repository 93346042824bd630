"""The kinds of evidence with the shape of their data. Every member may be left out: what is not stated is not known.

Pydantic holds files against the shapes; their JSON Schemas are published as `evidence-KIND`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal, get_args

from pydantic import Field
from pydantic.fields import FieldInfo

from scanner.rules.shapes import Shape

__all__ = ["EVIDENCE_KINDS", "evidence_paths"]

Share = Annotated[float, Field(ge=0, le=1, strict=False)]
Score = Annotated[float, Field(ge=1, le=5, strict=False)]
Texts = list[Annotated[str, Field(min_length=1)]]


class MetricsShape(Shape):
    """What the evaluation flow measured: accuracy as a share, the others as scores from 1 to 5."""

    accuracy: Share | None = None
    coherence: Score | None = None
    fluency: Score | None = None
    groundedness: Score | None = None
    relevance: Score | None = None


class DatasetShape(Shape):
    """The golden dataset."""

    pairs: Annotated[int, Field(ge=0)] | None = None
    holds: list[Literal["question", "context", "groundTruth"]] | None = None
    generatedByModel: bool | None = None  # noqa: N815  # as the file spells it


class EvaluationShape(Shape):
    """The flow is evaluated."""

    metrics: MetricsShape | None = None
    dataset: DatasetShape | None = None


class PipelineShape(Shape):
    """Pull requests are checked."""

    experimentationFlow: bool | None = None  # noqa: N815
    unitTests: bool | None = None  # noqa: N815
    build: bool | None = None
    staticAnalysis: bool | None = None  # noqa: N815
    approverIsNotAuthor: bool | None = None  # noqa: N815
    approverKnowsPromptFlow: bool | None = None  # noqa: N815


class ReleaseShape(Shape):
    """Deployments are tested."""

    evaluationFlow: bool | None = None  # noqa: N815
    registration: bool | None = None
    integrationTests: bool | None = None  # noqa: N815
    smokeTests: bool | None = None  # noqa: N815
    userAcceptance: bool | None = None  # noqa: N815
    approvalsBetweenEnvironments: bool | None = None  # noqa: N815


class SourceShape(Shape):
    """The flow's source is in a repository."""

    repository: str | None = None


class RolloutShape(Shape):
    """Rollouts are safe."""

    strategy: Literal["blueGreen", "abTesting", "canary", "allAtOnce"] | None = None


class AgentsShape(Shape):
    """Build agents are private."""

    insideNetwork: bool | None = None  # noqa: N815


class RegistryShape(Shape):
    """Models are registered once."""

    changesOnlyWithTheModel: bool | None = None  # noqa: N815


class ClientsShape(Shape):
    """Client discipline."""

    limitsTokens: bool | None = None  # noqa: N815
    limitsCompletions: bool | None = None  # noqa: N815
    batches: bool | None = None
    approved: Texts | None = None


class MonitoringShape(Shape):
    """The live flow is watched for drift."""

    collectsData: bool | None = None  # noqa: N815


class LifecycleShape(Shape):
    """Flows live apart."""

    endpointPerFlow: bool | None = None  # noqa: N815
    pipelinePerFlow: bool | None = None  # noqa: N815
    releasedSeparately: bool | None = None  # noqa: N815


class CostAlertsShape(Shape):
    """Cost anomalies alert."""

    enabled: bool | None = None
    recipients: Texts | None = None


class AppAssignmentShape(Shape):
    """Users are assigned to the app in the directory."""

    assignmentRequired: bool | None = None  # noqa: N815


class DirectoryShape(Shape):
    """Who is in the directory."""

    principals: Texts | None = None


class AbuseMonitoringShape(Shape):
    """Microsoft approved that prompts are not stored."""

    exemptionApproved: bool | None = None  # noqa: N815
    reference: str | None = None


EVIDENCE_KINDS: Final[Mapping[str, type[Shape]]] = {
    "abuseMonitoring": AbuseMonitoringShape,
    "agents": AgentsShape,
    "appAssignment": AppAssignmentShape,
    "clients": ClientsShape,
    "costAlerts": CostAlertsShape,
    "directory": DirectoryShape,
    "evaluation": EvaluationShape,
    "lifecycle": LifecycleShape,
    "monitoring": MonitoringShape,
    "pipeline": PipelineShape,
    "registry": RegistryShape,
    "release": ReleaseShape,
    "rollout": RolloutShape,
    "source": SourceShape,
}
_KINDS: Final = {bool: "bool", int: "int", float: "number", str: "string"}


def evidence_paths() -> dict[str, str]:
    """Every path of the data of any kind, with its kind as in the path table."""
    return dict(pair for shape in EVIDENCE_KINDS.values() for pair in _paths(shape, "data"))


def _paths(shape: type[Shape], at: str) -> Iterator[tuple[str, str]]:
    for name, field in shape.model_fields.items():
        path = f"{at}.{name}"
        inner = _inner(field)
        if isinstance(inner, type) and issubclass(inner, Shape):
            yield from _paths(inner, path)
        elif getattr(inner, "__origin__", None) is list:
            yield from ((path, "array"), (f"{path}[*]", "string"))
        else:
            yield path, _KINDS.get(inner, "string") if isinstance(inner, type) else "string"


def _inner(field: FieldInfo) -> object:
    """The type that a member has where it is stated."""
    stated = next(item for item in get_args(field.annotation) if item is not type(None))
    return get_args(stated)[0] if hasattr(stated, "__metadata__") else stated
