"""State files: what people write to describe a deployment, held against its shape; every fault with file and line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from scanner.model.errors import ConfigurationError, DriftlineError, Fault
from scanner.model.packaged import packaged
from scanner.model.yaml_file import YamlFile, load_yaml

__all__ = ["ChangeShape", "FurtherSubscriptionShape", "PlacedChange", "State", "StateShape", "parse_duration", "read_state"]

Json = Any
Pointer = tuple[str | int, ...]

_MOST_LAYERS: Final = 5
_DURATION: Final = re.compile(r"P(?=.)(?:(\d{1,5})W)?(?:(\d{1,5})D)?(?:T(?=.)(?:(\d{1,5})H)?(?:(\d{1,5})M)?(?:(\d{1,5})S)?)?")
_GUID: Final = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"


def parse_duration(text: str) -> timedelta:
    """An ISO 8601 duration without years and months, whose length varies. Raises `ValueError`."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r:.40} is not a duration of weeks, days, hours, minutes and seconds such as P20D")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def _held_duration(text: str) -> str:
    parse_duration(text)
    return text


Guid = Annotated[str, Field(pattern=_GUID)]
Duration = Annotated[str, AfterValidator(_held_duration)]
Name = Annotated[str, Field(min_length=1)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)


class SubscriptionShape(_Shape):
    """The subscription."""

    id: Guid
    name: Name


class GroupShape(_Shape):
    """The resource group."""

    name: Name
    location: Name
    tags: dict[str, str] = {}


class FurtherSubscriptionShape(SubscriptionShape):
    """A subscription beside the workload's, with its resource groups. It is there to be referred to; scans leave it out."""

    groups: list[GroupShape] = Field([], alias="resourceGroups")


class ManagementGroupShape(_Shape):
    """A management group: the subscriptions below it by id. What is granted at it holds in them."""

    name: Name
    display_name: str = Field("", alias="displayName")
    subscriptions: list[Guid] = []


class DirectoryGroupShape(_Shape):
    """A group of the directory by its object id, with the object ids of its members, groups among them."""

    id: Guid
    members: list[Guid] = []


class TemplateShape(_Shape):
    """A template to deploy: into the workload's subscription and group, or into another subscription and a group of it."""

    file: Name
    scope: Literal["resourceGroup", "subscription"] = "resourceGroup"
    subscription: str = ""
    group: str = Field("", alias="resourceGroup")


class GrantShape(_Shape):
    """A role that a principal holds: a built-in or custom role's name, at `subscription`, `resourceGroup` or an id."""

    role: Name
    scope: Name


class PrincipalShape(_Shape):
    """Someone who may sign in."""

    name: Name
    client_id: Guid = Field(alias="clientId")
    object_id: Guid = Field(alias="objectId")
    secret: Name
    roles: list[GrantShape] = []


class RoleShape(_Shape):
    """A custom role."""

    name: Name
    description: str = ""
    actions: list[str] = []
    not_actions: list[str] = Field([], alias="notActions")
    data_actions: list[str] = Field([], alias="dataActions")
    not_data_actions: list[str] = Field([], alias="notDataActions")


class AnswerShape(_Shape):
    """The answer of a GET that no PUT makes."""

    path: Name
    body: Json


class CreateShape(_Shape):
    """A resource to PUT."""

    resource: Name
    body: dict[str, Json] = {}


class SetShape(_Shape):
    """Values to write straight into a resource, by dotted path."""

    resource: Name
    values: Annotated[dict[str, Json], Field(min_length=1)]


class RemoveShape(_Shape):
    """A resource to delete."""

    resource: Name


class ChangeShape(_Shape):
    """One change after deployment: one of create, set and remove."""

    title: Name
    finds: list[str] = []
    create: CreateShape | None = None
    set_values: SetShape | None = Field(None, alias="set")
    remove: RemoveShape | None = None

    @model_validator(mode="after")
    def _one_operation(self) -> ChangeShape:
        if sum(item is not None for item in (self.create, self.set_values, self.remove)) != 1:
            raise ValueError("a change has exactly one of create, set and remove")
        return self


class StateShape(_Shape):
    """A whole state, or what a state that inherits says of it."""

    state: str = ""
    inherits: str = Field("", alias="from")
    tenant: Guid = ""
    subscription: SubscriptionShape | None = None
    group: GroupShape | None = Field(None, alias="resourceGroup")
    subscriptions: list[FurtherSubscriptionShape] = []
    management_groups: list[ManagementGroupShape] = Field([], alias="managementGroups")
    directory_groups: list[DirectoryGroupShape] = Field([], alias="directoryGroups")
    deployed: Duration = "P0D"
    templates: list[TemplateShape] = []
    parameters: dict[str, Json] = {}
    principals: list[PrincipalShape] = []
    roles: list[RoleShape] = []
    answers: list[AnswerShape] = []
    changes: list[ChangeShape] = []
    #: How many of the last changes Resource Graph does not know of yet.
    graph_lag: Annotated[int, Field(ge=0, alias="graphLag")] = 0


#: A field's name by the key in the file.
_SPELLED: Final = {field.alias or name: name for name, field in StateShape.model_fields.items()}


@dataclass(frozen=True, slots=True)
class PlacedChange:
    """A change with where it stands."""

    change: ChangeShape
    file: YamlFile
    at: Pointer


@dataclass(frozen=True, slots=True)
class State:
    """A state with all that it inherits: the folder of its templates, and changes in their order, inherited ones first."""

    shape: StateShape
    folder: Path
    changes: tuple[PlacedChange, ...]
    files: dict[str, YamlFile]

    def fault(self, at: Pointer, message: str) -> ConfigurationError:
        """A fault at a value, in the file that says it: the state's own, or one that it inherits."""
        return ConfigurationError([self.files[str(at[0])].fault(at, message)])


def read_state(state: str | Path) -> State:
    """A shipped state by name, a state file, or a template on its own. Raises `ConfigurationError` with all faults."""
    path = _path_of(state)
    if path.suffix.lower() == ".json":
        return State(_around_template(path), path.parent, (), {key: YamlFile(path.name, None, {}) for key in _SPELLED})
    layers = _layers(path)
    merged: dict[str, Json] = {}
    files = dict.fromkeys(_SPELLED, layers[0][1])
    for _, file, shape in reversed(layers):
        merged.update({key: getattr(shape, key) for key in shape.model_fields_set})
        files.update(dict.fromkeys(file.data, file))
    defaults = {name: field.get_default() for name, field in StateShape.model_fields.items()}
    whole = StateShape.model_construct(**{**defaults, **merged})
    missing = [name for name in ("tenant", "subscription", "resourceGroup", "templates") if not getattr(whole, _SPELLED[name])]
    if missing:
        raise ConfigurationError(layers[0][1].fault((), f'"{name}" is missing') for name in missing)
    changes = [
        PlacedChange(change, own, ("changes", at))
        for _, own, shape in reversed(layers)
        for at, change in enumerate(shape.changes)
    ]
    folder = next(path.parent for path, _, shape in layers if "templates" in shape.model_fields_set)
    return State(whole, folder, tuple(changes), files)


def _path_of(state: str | Path) -> Path:
    folder = packaged("baselines", "openai-chat", "deployment")
    shipped = folder / f"{state}.yaml"
    path = shipped if isinstance(state, str) and shipped.is_file() else Path(state)
    if not path.is_file():
        known = ", ".join(sorted(item.stem for item in folder.glob("*.yaml") if not item.stem.endswith("-driftline")))
        raise DriftlineError(f'there is no state "{state}"', hint=f"Shipped states: {known}; or name a state file.")
    return path


def _layers(path: Path) -> list[tuple[Path, YamlFile, StateShape]]:
    layers: list[tuple[Path, YamlFile, StateShape]] = []
    while len(layers) < _MOST_LAYERS:
        file, shape = _load(path)
        layers.append((path, file, shape))
        if not shape.inherits:
            return layers
        beside = path.parent / shape.inherits
        path = beside if beside.is_file() else _path_of(shape.inherits.removesuffix(".yaml"))
    raise ConfigurationError([layers[-1][1].fault(("from",), "states inherit from each other without end")])


def _load(path: Path) -> tuple[YamlFile, StateShape]:
    faults: list[Fault] = []
    file = load_yaml(path, faults, name=path.name)
    if faults or file is None:
        raise ConfigurationError(faults)
    try:
        return file, StateShape.model_validate(file.data)
    except ValidationError as error:
        raise ConfigurationError(
            file.fault(_pointer(item["loc"], file), f"{_words(item['loc'])}{item['msg'].removeprefix('Value error, ')}")
            for item in error.errors(include_url=False)
        ) from error


def _pointer(location: Pointer, file: YamlFile) -> Pointer:
    """The part of a location that is in the file: an absent key stands where its mapping does."""
    while location and location not in file.lines:
        location = location[:-1]
    return location


def _words(location: Pointer) -> str:
    return f"{'.'.join(str(part) for part in location)}: " if location else ""


def _around_template(path: Path) -> StateShape:
    """A subscription and a group of no consequence around one template."""
    return StateShape.model_validate(
        {
            "state": path.stem,
            "tenant": "aaaaaaaa-0000-4000-8000-000000000001",
            "subscription": {"id": "aaaaaaaa-0000-4000-8000-000000000002", "name": "sub-simulated"},
            "resourceGroup": {"name": "rg-simulated", "location": "eastus2"},
            "templates": [{"file": path.name}],
            "principals": [
                {
                    "name": "scanner",
                    "clientId": "aaaaaaaa-0000-4000-8000-000000000003",
                    "objectId": "aaaaaaaa-0000-4000-8000-000000000004",
                    "secret": "simulated",
                    "roles": [{"role": "Reader", "scope": "subscription"}],
                }
            ],
        }
    )
