"""The shapes of the files that people write. Pydantic holds data against them; their JSON Schemas are the published ones."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from scanner.language.context import did_you_mean
from scanner.model.errors import Fault
from scanner.model.verdict import Severity, Verdict
from scanner.model.yaml_file import YamlFile

__all__ = [
    "BaselineShape",
    "CaseShape",
    "ComponentShape",
    "ConditionShape",
    "DefaultShape",
    "EvidenceShape",
    "FixShape",
    "ParameterShape",
    "RelationShape",
    "RuleShape",
    "SettingsShape",
    "Shape",
    "TargetShape",
    "WaiverShape",
    "WorkloadShape",
    "hold_against",
]

Json = Any
Pillar = Literal["security", "reliability", "cost", "operations", "performance"]
RuleId = Annotated[
    str,
    Field(
        pattern=r"^[A-Z][A-Z0-9]*-[0-9]{3}[a-z]?$", description="Family, number and, where a control has several rules, a letter"
    ),
]


class Shape(BaseModel):
    """What every shape shares: no unknown keys, no guessing of types."""

    model_config = ConfigDict(extra="forbid", strict=True)


class TargetShape(Shape):
    """What a rule judges."""

    type: str | list[str]
    where: dict[str, Json] | None = None
    component: str = ""
    name: str = ""
    each: str = ""
    paths: Literal["checked", "unchecked"] = "checked"


class UnknownWhenShape(Shape):
    """A condition under which a rule itself says that it cannot know."""

    condition: dict[str, Json]
    reason: str


class DisruptsShape(Shape):
    """How much a fix disrupts."""

    level: Literal["none", "possible", "yes"]
    text: str = ""


class FixShape(Shape):
    """What mends a finding: steps of ARM operations, shared by every renderer."""

    title: str
    disrupts: DisruptsShape
    steps: Annotated[list[dict[Literal["set", "create", "remove", "action", "manual"], Json]], Field(min_length=1)]
    after: list[str] = []
    pending: list[str] = []
    requires: dict[str, Json] | None = None


class RuleShape(Shape):
    """A rule file."""

    id: RuleId
    control: str = ""
    name: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")] = ""
    title: str
    severity: Annotated[Severity, Field(strict=False)]
    pillar: Pillar = "security"
    section: str = ""
    frameworks: dict[str, list[str]] = {}
    rationale: str = ""
    help: str = ""
    target: TargetShape
    defaults: Literal["on", "off"] = "on"
    unknown_when: UnknownWhenShape | list[UnknownWhenShape] = []
    assertion: Annotated[dict[str, Json], Field(alias="assert")]
    message: str = ""
    consequence_of: list[str] = []
    fix: FixShape | None = None


class DefaultShape(Shape):
    """What Azure assumes for an absent property, with the source of that knowledge."""

    value: Json
    since: str = ""
    source: str = ""


class JoinShape(Shape):
    """One way in which two resources belong together: equal values at two paths; `left` may be an expression."""

    left: str
    right: str


class RelationShape(Shape):
    """A named hash join."""

    from_: Annotated[str | list[str], Field(alias="from")]
    to: str | list[str]
    on: Annotated[list[JoinShape], Field(min_length=1)]
    doc: str = ""


class ConditionShape(Shape):
    """A named condition with parameters."""

    parameters: list[str] = []
    condition: dict[str, Json]
    doc: str = ""


class ComponentShape(Shape):
    """A component of the baseline: what it is, how it is told apart, how many there are."""

    type: str | list[str]
    where: dict[str, Json] | None = None
    via: Annotated[
        str, Field(pattern=r"^([A-Za-z][A-Za-z0-9]*:.+)?$", description="component:path of the component that names it")
    ] = ""
    called: Annotated[str, Field(description="what it is called, with * for any text; what names it goes before")] = ""
    count: Annotated[str, Field(pattern=r"^\d+(\.\.\d*)?$")] = "1"
    foundational: bool = False
    purpose: str = ""


class ParameterShape(Shape):
    """A parameter of the baseline."""

    type: Literal["int", "number", "string", "bool", "array", "object"]
    default: Json
    doc: str
    environments: dict[str, Json] = {}


class BaselineShape(Shape):
    """baseline.yaml."""

    version: str
    title: str = ""
    environments: Annotated[list[str], Field(min_length=1)]
    components: dict[str, ComponentShape]
    parameters: dict[str, ParameterShape] = {}


class ExpectShape(Shape):
    """One verdict that a case must give; `reason` is a part of what the finding says, as why something is unknown."""

    rule: RuleId
    resource: str
    subject: str = ""
    verdict: Annotated[Verdict, Field(strict=False)]
    actual: Json = None
    reason: str = ""


class ReadShape(Shape):
    """A read of a case."""

    what: str
    scope: str
    via: str = ""
    api_version: str = ""
    outcome: str = "ok"


class GapShape(Shape):
    """A gap of a case."""

    scope: str
    what: str
    reason: str
    permission: str = ""


class EvidenceShape(Shape):
    """A file of evidence: what a pipeline or person states, for whom, until when."""

    kind: Annotated[str, Field(min_length=1)]
    workload: Annotated[str, Field(min_length=1)]
    owner: Annotated[str, Field(min_length=1)]
    issued: Annotated[dt.datetime, Field(strict=False)]
    expires: Annotated[dt.datetime, Field(strict=False)]
    data: dict[str, Json]


class CaseShape(Shape):
    """A rule's case. Without `reads` everything was read, but for the gaps."""

    description: str
    resources: list[dict[str, Json]]
    reads: list[ReadShape] | None = None
    gaps: list[GapShape] = []
    baseline: dict[str, Json] = {}
    components: dict[str, str | list[str]] = {}
    now: Annotated[dt.datetime, Field(strict=False)] | None = None
    evidence: list[EvidenceShape] = []
    expect: Annotated[list[ExpectShape], Field(min_length=1)]


class WaiverShape(Shape):
    """An accepted failure: who accepts it, why, until when."""

    rule: str
    resource: str
    subject: str = "*"
    owner: Annotated[str, Field(min_length=1)]
    reason: Annotated[str, Field(min_length=1)]
    ticket: str = ""
    expires: Annotated[dt.date, Field(strict=False)]
    accepts: Literal["fail", "unknown"] = "fail"


class WorkloadShape(Shape):
    """A workload of driftline.yaml."""

    name: str
    scopes: Annotated[list[str], Field(min_length=1)]
    components: dict[str, str | list[str]] = {}
    parameters: dict[str, Json] = {}
    _origins: dict[str, str] = PrivateAttr(default_factory=dict)

    def origin(self, component: str) -> str:
        """The file and line that name a component, for words about what they name."""
        return self._origins.get(component, "driftline.yaml")

    def stand_at(self, origins: dict[str, str]) -> None:
        """Keep the file and line of each component that is named."""
        self._origins = origins


EnvironmentVariable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


class NotifyShape(Shape):
    """Whom to tell of what became worse. Addresses and secrets are read from environment variables, which are named here."""

    kind: Literal["webhook", "teams", "slack"]
    address_from: EnvironmentVariable
    secret_from: Annotated[str, Field(pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$", description="Signs what a webhook is sent")] = ""
    level: Annotated[Severity, Field(strict=False)] = Severity.HIGH


class SettingsShape(Shape):
    """driftline.yaml."""

    driftline: str = ""
    baseline: str = ""
    environment: str = ""
    workloads: list[WorkloadShape] = []
    rules: list[str] = []
    waivers: str | list[str] = []
    evidence: str | list[str] = []
    fail_on: Literal["", "critical", "high", "medium", "low", "info", "never"] = ""
    store: Annotated[str, Field(description="URL of the history of scans; a file of SQLite lies beside driftline.yaml")] = ""
    notify: list[NotifyShape] = []
    store_retention: Annotated[int, Field(ge=0, description="Scans older than so many days are dropped; 0: none")] = 0


S = TypeVar("S", bound=Shape)


def hold_against(
    shape: type[S], file: YamlFile, faults: list[Fault], *, data: Json = None, at: tuple[str | int, ...] = ()
) -> S | None:
    """Data (a file's, or a part of it at a pointer) in its shape; every fault with its line, None when there are any."""
    try:
        return shape.model_validate(file.data if not at and data is None else data)
    except ValidationError as error:
        for item in error.errors(include_url=False, include_context=False):
            faults.append(
                _fault_of(
                    shape,
                    file,
                    (*at, *_keys(item["loc"], file, at)),
                    item["type"],
                    item["msg"],
                    item["loc"][-1] if item["loc"] else "",
                )
            )
        return None


def _keys(location: tuple[str | int, ...], file: YamlFile, at: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """The part of pydantic's location that is in the file: names of unions and aliases are not."""
    found: tuple[str | int, ...] = ()
    for key in location:
        if (*at, *found, key) in file.lines:
            found = (*found, key)
    return found


def _fault_of(shape: type[Shape], file: YamlFile, at: tuple[str | int, ...], kind: str, message: str, missing: object) -> Fault:
    name = at[-1] if at else ""
    if kind == "extra_forbidden":
        return file.fault(at, f'unknown key "{name}"{did_you_mean(name, _keys_at(shape, at[:-1]) - {str(name)})}')
    if kind == "missing":
        return file.fault(at, message if not missing else f'"{missing}" is missing')
    words = re.sub(r"^(Input|String|List|Dictionary) (?=should)| or instance of \w+| after validation", "", message)
    words = words.replace("a valid dictionary", "a mapping").replace("a valid list", "a list")
    return file.fault(at, f'"{_named(at)}": {words}' if at else words)


def _named(at: tuple[str | int, ...]) -> str:
    """The key that a person looks for: `rules[0]` for the first of a list."""
    last = max((position for position, key in enumerate(at) if isinstance(key, str)), default=0)
    return "".join(f"[{key}]" if isinstance(key, int) else key for key in at[last:])


def _keys_at(shape: type[Shape], at: tuple[str | int, ...]) -> set[str]:
    """The keys that a shape takes at a place; of a place that is not followed, every key within the shape."""
    schema = shape.model_json_schema()
    places = [schema]
    for key in at:
        inner = [item for place in places for item in _alternatives(place, schema)]
        if isinstance(key, int):
            found = [item["items"] for item in inner if "items" in item]
        else:
            found = [item["properties"][key] for item in inner if key in item.get("properties", {})]
        places = found or places
    return {name for place in places for item in _alternatives(place, schema) for name in item.get("properties", {})}


def _alternatives(place: Any, schema: dict[str, Any]) -> list[dict[str, Any]]:
    """What may stand at a place: references followed, unions taken apart."""
    if not isinstance(place, dict):
        return []
    if "$ref" in place:
        return _alternatives(schema["$defs"][place["$ref"].rpartition("/")[2]], schema)
    return [inner for one in place.get("anyOf", []) for inner in _alternatives(one, schema)] or [place]
