"""Deploys templates through the providers: each resource after what it depends on, and after what its expressions refer to."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from scanner.model.errors import ConfigurationError
from scanner.model.unknown import Unknown
from scanner.simulator import providers
from scanner.simulator.errors import ArmError
from scanner.simulator.store import Store
from scanner.templates import Deployment, Frame, Instance, Target, TemplateFile, Tree, in_order, settled, unknown_in

__all__ = ["RefusedError", "Templated", "deploy"]

Json = Any


class RefusedError(ConfigurationError):
    """A provider refused a resource of a template; `answer` is what it said."""

    answer: ArmError


@dataclass(frozen=True, slots=True)
class Templated:
    """What a template made: the ids in order, and its outputs."""

    resources: tuple[str, ...]
    outputs: dict[str, Json]


@dataclass(slots=True)
class _StoreWorld:
    """What is deployed is what the store holds; what is referred to is deployed first."""

    store: Store
    allowed: Callable[[str, str], None]
    made: list[str] = field(default_factory=list)
    _begun: set[int] = field(default_factory=set)

    def deployed(self, resource_id: str) -> dict[str, Json] | None:
        """The body in the store."""
        return self.store.get(resource_id)

    def new_guid(self) -> Json:
        """A fresh guid."""
        return str(uuid.uuid4())

    def wanted(self, instance: Instance) -> None:
        """Deploy it, once. Raises `ConfigurationError`."""
        if id(instance) in self._begun or instance.existing or instance.condition is False:
            return
        self._begun.add(id(instance))
        if isinstance(instance.condition, Unknown):
            _refuse(instance, f"its condition cannot be told: {instance.condition}")
        if instance.is_deployment:
            inner = instance.look_inside()
            if inner is None:
                _refuse(instance, "the template that it links to cannot be read here")
            self.all_of(inner)
        else:
            self._write(instance)

    def all_of(self, deployment: Deployment) -> None:
        """Deploy every resource of a template."""
        for hole in deployment.holes():
            raise ConfigurationError([deployment.file.fault(hole.at, f"cannot be deployed: {hole.reason}")])
        for instance in in_order(deployment):
            self.wanted(instance)

    def _write(self, instance: Instance) -> None:
        own = {key: value for key, value in instance.body().items() if key not in ("id", "name", "type")}
        unknown = unknown_in(own)
        if unknown is not None:
            _refuse(instance, str(unknown))
        try:
            self.allowed(f"{instance.type}/write", instance.id)
            providers.write(self.store, instance.id, settled(own))
        except ArmError as error:
            refused = RefusedError([instance.deployment.file.fault(instance.at, f"{instance.id}: {error.code}: {error.message}")])
            refused.answer = error
            raise refused from error
        self.made.append(instance.id)


def deploy(
    file: TemplateFile, target: Target, parameters: Mapping[str, Json], store: Store, *, frame: Frame = Frame(),  # noqa: B008
    allowed: Callable[[str, str], None] = lambda action, scope: None,
) -> Templated:  # fmt: skip
    """Deploy a template. `allowed` raises `ArmError` for an action not permitted at a scope. Raises `ConfigurationError`."""
    world = _StoreWorld(store, allowed)
    main = Deployment((file, (), file.data), parameters, target, Tree(store.now, world), frame)
    main.begin()
    world.all_of(main)
    outputs = main.outputs()
    unknown = unknown_in(outputs)
    if unknown is not None:
        raise ConfigurationError([file.fault(("outputs",), str(unknown))])
    return Templated(tuple(world.made), outputs)


def _refuse(instance: Instance, message: str) -> NoReturn:
    raise ConfigurationError([instance.deployment.file.fault(instance.at, f"{instance.id}: {message}")])
