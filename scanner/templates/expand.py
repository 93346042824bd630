"""Expands a template: every resource that it leads to, templates within it included, each after what it depends on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from heapq import heappop, heappush
from typing import Any

from scanner.model.unknown import Unknown
from scanner.templates.deployment import Deployment, Frame, Tree
from scanner.templates.evaluation import fault
from scanner.templates.files import TemplateFile
from scanner.templates.instances import Hole, Instance
from scanner.templates.targets import Target

__all__ = ["Expansion", "expand", "in_order"]

Json = Any


@dataclass(frozen=True)
class Expansion:
    """What a template leads to. `resources` come to be, in order, without those of templates; `existing` are referred to;
    `holes` are where nobody knows before deployment what comes to be.
    """

    main: Deployment
    resources: tuple[Instance, ...]
    existing: tuple[Instance, ...]
    holes: tuple[Hole, ...]


def expand(
    file: TemplateFile,
    given: Mapping[str, Json],
    target: Target,
    *,
    now: datetime,
    frame: Frame = Frame(),  # noqa: B008  # frozen
) -> Expansion:
    """Expand a template with the given values of its parameters. Every body is evaluated. Raises `ConfigurationError`."""
    main = Deployment((file, (), file.data), given, target, Tree(now), frame)
    main.begin()
    resources, existing, holes = list[Instance](), list[Instance](), list[Hole]()
    for step in _walk(main):
        if isinstance(step, Hole):
            holes.append(step)
        elif step.existing:
            existing.append(step)
        elif isinstance(step.condition, Unknown):
            holes.append(Hole(step.type, step.id, step.condition, step.at))
        elif not step.is_deployment:
            step.body()
            resources.append(step)
    main.outputs()
    return Expansion(main, tuple(resources), tuple(existing), tuple(holes))


def _walk(deployment: Deployment) -> Iterator[Instance | Hole]:
    yield from (step for step in deployment.steps if isinstance(step, Hole))
    for instance in in_order(deployment):
        if not instance.is_deployment or instance.existing:
            yield instance
            continue
        inner = instance.look_inside()
        if inner is None:
            why = Unknown.because(f"the template that the deployment {instance.name} links to was not read")
            yield Hole(
                instance.type, instance.deployment.placed(instance.source, instance.at, instance.scope).scope, why, instance.at
            )
        elif isinstance(instance.condition, Unknown):
            yield from (_uncertain(step, instance.condition) for step in _walk(inner))
        else:
            yield from _walk(inner)
            inner.outputs()


def _uncertain(step: Instance | Hole, why: Unknown) -> Instance | Hole:
    return Hole(step.type, step.id, why, step.at) if isinstance(step, Instance) and not step.existing else step


def in_order(deployment: Deployment) -> Iterator[Instance]:
    """What comes to be, in the template's own order, but nothing before what it depends on. Raises `ConfigurationError`."""
    own = [step for step in deployment.steps if isinstance(step, Instance) and step.condition is not False]
    waits = {id(item): _waits(item, deployment) for item in own}
    follows: dict[int, list[int]] = {}
    for at, item in enumerate(own):
        for one in waits[id(item)]:
            follows.setdefault(one, []).append(at)
    ready = [at for at, item in enumerate(own) if not waits[id(item)]]
    done = 0
    while ready:
        item = own[heappop(ready)]
        yield item
        done += 1
        for at in follows.get(id(item), ()):
            waiting = waits[id(own[at])]
            waiting.discard(id(item))
            if not waiting:
                heappush(ready, at)
    if done < len(own):
        stuck = [item for item in own if waits[id(item)]]
        names = ", ".join(sorted({f"{item.type} {item.name}" for item in stuck})[:6])
        fault(deployment.file, (*stuck[0].at, "dependsOn"), f"circular: {names} wait for each other (ARM: InvalidTemplate)")


def _waits(instance: Instance, deployment: Deployment) -> set[int]:
    found: set[int] = set()
    for item in instance.depends:
        if isinstance(item, str):
            named = deployment.depended(item)
            if named is None:
                words = f"the resource {item!r} is not defined in the template (ARM: InvalidTemplate)"
                fault(deployment.file, (*instance.at, "dependsOn"), words)
            if named == [instance]:
                fault(
                    deployment.file,
                    (*instance.at, "dependsOn"),
                    f"circular: {instance.name} waits for itself (ARM: InvalidTemplate)",
                )
            found.update(id(one) for one in named if one.condition is not False and one is not instance)
    return found
