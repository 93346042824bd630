"""One template under deployment: parameters and variables when they are needed, its resources, outputs, templates within."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Protocol

from scanner.language.functions import EvaluationError, FunctionTable
from scanner.model.errors import ConfigurationError, Fault
from scanner.model.resource_id import ResourceId, normalise
from scanner.model.unknown import Unknown
from scanner.templates.evaluation import MOST_COPIES, Scope, evaluate, fault, truth_of
from scanner.templates.files import Pointer, TemplateFile, read_template
from scanner.templates.functions import TEMPLATE_FUNCTIONS, user_functions
from scanner.templates.instances import UNRESOLVED, Hole, Instance, Step, instances_of
from scanner.templates.parameters import is_secure
from scanner.templates.targets import Target
from scanner.templates.values import Values, texts_of

__all__ = ["Deployment", "Frame", "Nothing", "Source", "Tree", "World"]

Json = Any

#: ARM's limit for templates within templates.
_MOST_NESTED: Final = 5
#: Ours, for the whole tree: ARM has one for each template.
_MOST_INSTANCES: Final = 20_000


#: A template, where it stands in its file.
Source = tuple[TemplateFile, Pointer, dict[str, Json]]
_GROUPS: Final = "microsoft.resources/resourcegroups"
_PLACES: Final = ("subscriptionId", "resourceGroup", "scope")


class World(Protocol):
    """What is deployed already, where the template is deployed."""

    def deployed(self, resource_id: str) -> dict[str, Json] | None:
        """The whole body of a resource, None where nobody knows it."""
        ...

    def wanted(self, instance: Instance) -> None:
        """The template refers to a resource of its own: one who deploys may do so now."""
        ...

    def new_guid(self) -> Json:
        """What `newGuid()` gives."""
        ...


class Nothing:
    """The world of a template that is looked at without deploying it."""

    def deployed(self, resource_id: str) -> dict[str, Json] | None:
        """Nobody knows."""
        return None

    def wanted(self, instance: Instance) -> None:
        """Nothing to do."""

    def new_guid(self) -> Json:
        """Only a deployment makes one."""
        return Unknown.because("newGuid() is made anew by each deployment")


@dataclass(eq=False)
class Tree:
    """All deployments that one template leads to, with the resources of all by normalised id."""

    now: datetime
    world: World = field(default_factory=Nothing)
    instances: dict[str, Instance] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    pending: list[Instance] = field(default_factory=list)
    making: list[Instance] = field(default_factory=list)
    total: int = 0
    _tables: dict[int, FunctionTable] = field(default_factory=dict)

    def functions(self, declared: Json) -> FunctionTable:
        """The functions of a template that declares some of its own. Raises `EvaluationError`."""
        if not declared:
            return TEMPLATE_FUNCTIONS
        if id(declared) not in self._tables:
            self._tables[id(declared)] = TEMPLATE_FUNCTIONS.extended(*user_functions(declared))
        return self._tables[id(declared)]

    def find(self, resource_id: str) -> Instance | None:
        """The instance of an id; templates not yet looked into are, as it may stand in one of them."""
        key = normalise(resource_id)
        while key not in self.instances and self.pending:
            self.pending.pop(0).look_inside()
        return self.instances.get(key)


@dataclass(frozen=True, slots=True)
class Frame:
    """How a template comes to be deployed: name and location of the deployment, how deep it stands, the scope of the
    parent where its expressions are the parent's, and where its parameters are given, in words.
    """

    name: str = "main"
    location: Json = ""
    depth: int = 1
    outer: Scope | None = None
    told: str = ""


class Deployment:
    """A template with its parameters, at a target. All is evaluated when it is needed, once; what needs itself is a fault."""

    functions: FunctionTable

    def __init__(
        self,
        source: Source,
        given: Mapping[str, Json],
        target: Target,
        tree: Tree,
        frame: Frame = Frame(),  # frozen
    ) -> None:
        self.file, self.at, self.template = source
        self.target, self.tree, self.frame = target, tree, frame
        if frame.depth > _MOST_NESTED:
            fault(self.file, self.at, f"templates nest deeper than {_MOST_NESTED} (ARM: InvalidTemplate)")
        if not isinstance(self.template.get("resources"), list | dict):
            fault(self.file, self.at, 'a template has "resources", a list or an object')
        try:
            own = tree.functions(self.template.get("functions"))
        except EvaluationError as error:
            fault(self.file, (*self.at, "functions"), str(error))
        self.functions = own if frame.outer is None else frame.outer.deployment.functions
        self.scope = frame.outer or Scope(self)
        self.values = Values(self, {} if frame.outer is not None else given)
        self.steps: list[Step] = []
        self.symbols: dict[str, list[Instance]] = {}
        self.loops: set[str] = set()
        self._outputs: dict[str, Json] | None = None
        self._by_name: dict[str, list[Instance]] | None = None

    # -- resources

    def begin(self) -> None:
        """Find the instances of all resources, with their ids. Raises `ConfigurationError` with every fault there is."""
        faults: list[Fault] = []
        for step in instances_of(self, faults):
            self.steps.append(step)
            if isinstance(step, Instance):
                self._register(step, faults)
        if sum(1 for step in self.steps if isinstance(step, Instance)) > MOST_COPIES:
            faults.append(
                self.file.fault((*self.at, "resources"), f"a template has at most {MOST_COPIES} resources (ARM: InvalidTemplate)")
            )
        self.tree.total += len(self.steps)
        if self.tree.total > _MOST_INSTANCES:
            faults.append(self.file.fault(self.at, f"the templates have more than {_MOST_INSTANCES} resources together"))
        if faults:
            raise ConfigurationError(faults)

    def _register(self, instance: Instance, faults: list[Fault]) -> None:
        if instance.symbol:
            self.symbols.setdefault(instance.symbol.lower(), []).append(instance)
        known = self.tree.instances.get(instance.key)
        if (
            known is not None
            and known.deployment is self
            and not (known.existing or instance.existing or known.condition is not True or instance.condition is not True)
        ):
            faults.append(self.file.fault(instance.at, f"{instance.id} stands in this template twice (ARM: InvalidTemplate)"))
        elif known is None or known.existing or known.condition is False:
            self.tree.instances[instance.key] = instance
        if instance.is_deployment and not instance.existing:
            self.tree.pending.append(instance)

    def holes(self) -> Iterator[Hole]:
        """Where nobody knows before deployment what comes to be."""
        return (step for step in self.steps if isinstance(step, Hole))

    def instance(self, name: str) -> Instance | None:
        """The resource of this template that a symbol, an id or a name names."""
        symbol, _, index = name.rstrip("]").partition("[")
        found = self.symbols.get(symbol.lower())
        if found and (index.isdecimal() or len(found) == 1):
            at = int(index) if index.isdecimal() else 0
            return next((item for item in found if item.index == at), found[0] if not index else None)
        if name.startswith("/"):
            return self.tree.find(name)
        return next(iter(self.by_name().get(name.lower(), [])), None)

    def by_name(self) -> dict[str, list[Instance]]:
        """The resources by what `dependsOn` may call them: id, name, type and name, copy loop; all in lower case."""
        if self._by_name is None:
            self._by_name = {}
            for item in (step for step in self.steps if isinstance(step, Instance)):
                relative = item.id.lower().rpartition("/providers/")[2]
                # Templates write subscriptionResourceId() of a resource group, which is not its id.
                group = ResourceId.parse(item.id).type.lower().endswith("/resourcegroups")
                apart = f"{item.key.rpartition('/resourcegroups/')[0]}/providers/{_GROUPS}/{item.name.lower()}" if group else ""
                last, typed = item.name.lower().rpartition("/")[2], f"{item.type}/{item.name}".lower()
                words = {item.key, item.name.lower(), typed, item.loop.lower(), relative, apart, last}
                for word in words - {""}:
                    self._by_name.setdefault(word, []).append(item)
        return self._by_name

    def depended(self, name: str) -> list[Instance] | None:
        """What an entry of dependsOn names: a symbol, perhaps with an index, a copy loop, an id, a name with or without its type.
        None where nothing is called so; a loop may turn no time.
        """
        symbol, bracket, index = name.rstrip("]").partition("[")
        resources = self.template["resources"]
        if symbol.lower() in self.symbols or (isinstance(resources, dict) and symbol in resources):
            return [item for item in self.symbols.get(symbol.lower(), []) if not bracket or str(item.index) == index]
        found = self.by_name().get(normalise(name)) or self.by_name().get(name.lower().strip("/"))
        return found or ([] if name.lower() in self.loops or UNRESOLVED in name else None)

    def reference(self, name: str, *, full: bool) -> Json:
        """What `reference()` gives: of a resource of these templates what they set, of any other what the world knows."""
        instance = self.instance(name)
        if instance is not None and not instance.existing:
            return instance.referred(full=full)
        resource_id = instance.id if instance is not None else name
        body = self.tree.world.deployed(resource_id)
        if body is None:
            return Unknown.because(f"reference() of {resource_id}: only Azure knows")
        return body if full else body.get("properties", {})

    def references(self, name: str, *, full: bool) -> Json:
        """What `references()` gives of the copies of a symbol."""
        found = self.symbols.get(str(name).lower())
        if found is None:
            raise EvaluationError(f"no resource has the symbol {name!r}")
        return [item.referred(full=full) for item in found]

    def described(self, name: Json) -> Json:
        """What is known of a resource without its properties."""
        instance = self.instance(str(name))
        if instance is None:
            raise EvaluationError(f"no resource has the symbol {name!r}")
        return {"id": instance.id, "name": instance.name, "type": instance.type, "apiVersion": instance.api_version}

    # -- templates within

    def placed(self, source: Mapping[str, Json], at: Pointer, scope: Scope) -> Target:
        """The target that a resource names with `subscriptionId`, `resourceGroup` or, for a template, `scope`; else this one."""
        written = {key: evaluate(source.get(key), scope, self.file, (*at, key)) for key in _PLACES}
        given = {key: value for key, value in written.items() if isinstance(value, Unknown) or value not in (None, "")}
        if not given:
            return self.target
        texts = {key: UNRESOLVED if isinstance(value, Unknown) else str(value) for key, value in given.items()}
        if "scope" in texts:
            group = texts["scope"].rstrip("/").rpartition("/")[2]
            return replace(self.target, management_group=group, subscription="", group="", location=self.frame.location)
        group = texts.get("resourceGroup", "" if "subscriptionId" in texts else self.target.group)
        subscription = texts.get("subscriptionId", self.target.subscription)
        moved = replace(self.target, subscription=subscription, group=group, management_group="")
        return moved if moved.scope.lower() == self.target.scope.lower() else replace(moved, location=self._location_of(moved))

    def _location_of(self, target: Target) -> Json:
        """The location of a resource group, which these templates may make themselves."""
        made = self.tree.instances.get(normalise(target.scope)) if target.group else None
        if made is not None and not made.existing:
            return made.body().get("location")
        return Unknown.because(f"the location of the resource group {target.group or '?'} is not known")

    def nest(self, instance: Instance) -> Deployment | None:
        """The deployment of a template within this one; None where it lies elsewhere and was not read."""
        at, source = (*instance.at, "properties"), instance.source.get("properties")
        if not isinstance(source, dict):
            fault(self.file, at, 'a deployment has "properties"')
        found = self._template_of(source, at, instance)
        if found is None:
            return None
        options = evaluate(source.get("expressionEvaluationOptions") or {}, instance.scope, self.file, at)
        # A template that an expression gives is evaluated by itself, whatever the options say.
        scope = options.get("scope", "outer") if isinstance(options, dict) else "outer"
        is_inner = not isinstance(source.get("template"), dict) or str(scope).lower() == "inner"
        given = _values_of(evaluate(source.get("parameters") or {}, instance.scope, self.file, (*at, "parameters")))
        location = evaluate(instance.source.get("location", ""), instance.scope, self.file, (*instance.at, "location"))
        outer = None if is_inner else instance.scope
        told = f"the deployment {instance.name} hands over its parameters"
        frame = Frame(instance.name, location, self.frame.depth + 1, outer, told)
        return Deployment(found, given, self.placed(instance.source, instance.at, instance.scope), self.tree, frame)

    def _template_of(self, source: dict[str, Json], at: Pointer, instance: Instance) -> Source | None:
        if "template" in source:
            template = source["template"]
            if isinstance(template, str):
                template = evaluate(template, instance.scope, self.file, (*at, "template"))
            if isinstance(template, Unknown):
                return None
            if not isinstance(template, dict):
                fault(self.file, (*at, "template"), "a template is an object (ARM: InvalidTemplate)")
            return self.file, (*at, "template"), template
        link = evaluate(source.get("templateLink") or {}, instance.scope, self.file, (*at, "templateLink"))
        relative = link.get("relativePath") if isinstance(link, dict) else None
        if not isinstance(relative, str) or self.file.path is None:
            return None
        path = self.file.path.parent / relative
        if not path.is_file():
            fault(self.file, (*at, "templateLink", "relativePath"), f"there is no file {relative} beside the template")
        file = read_template(path, what="linked template")
        return file, (), file.data

    # -- outputs

    def outputs(self) -> dict[str, Json]:
        """The outputs, each with type and value; one that is secure or whose condition is unknown is unknown."""
        if self._outputs is None:
            self._outputs = {}
            declared = self.template.get("outputs") or {}
            if not isinstance(declared, dict):
                fault(self.file, (*self.at, "outputs"), '"outputs" is an object')
            for name, item in declared.items():
                at = (*self.at, "outputs", name)
                if not isinstance(item, dict):
                    fault(self.file, at, "an output is an object")
                made = self._output(item, at)
                if made is not None:
                    self._outputs[name] = made
        return self._outputs

    def _output(self, item: dict[str, Json], at: Pointer) -> Json:
        given = True if "condition" not in item else self._condition(item["condition"], (*at, "condition"))
        if given is False:
            return None
        if isinstance(given, Unknown):
            return {"type": item.get("type"), "value": given}
        if "copy" in item and isinstance(item["copy"], dict):
            return {"type": item.get("type"), "value": self.values.loop({"name": "output", **item["copy"]}, (*at, "copy"))}
        value = evaluate(item.get("value"), self.scope, self.file, (*at, "value"))
        if is_secure(item):
            self.tree.secrets.update(texts_of(value))
        return {"type": item.get("type"), "value": value}

    def _condition(self, value: Json, at: Pointer) -> bool | Unknown:
        return truth_of(evaluate(value, self.scope, self.file, at), self.file, at)


def _values_of(parameters: Json) -> dict[str, Json]:
    """What a deployment hands over; a reference to a vault is unknown."""
    if isinstance(parameters, Unknown) or not isinstance(parameters, dict):
        return {}
    lies = Unknown.because("its value lies in a vault, where it was not read")
    return {name: entry["value"] if isinstance(entry, dict) and "value" in entry else lies for name, entry in parameters.items()}
