"""Whole snapshots of the simulated states, as a collection would hold them, and their judgement."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from scanner.engine.plan import plan_reads
from scanner.engine.scan import run_scan
from scanner.facts import FACT_PATHS
from scanner.facts.policies.table import definition_ids
from scanner.model.coverage import Gap, Read
from scanner.model.read_plan import EVENTS, METRICS, POLICY_STATES, MetricRead, ReadPlan
from scanner.model.resource import make_resource
from scanner.model.resource_id import normalise
from scanner.model.result import Result
from scanner.model.snapshot import Snapshot
from scanner.model.source import RequestCounts
from scanner.rules import Baseline, RuleSet, load_baseline, load_rules
from scanner.simulator import metrics, providers
from scanner.simulator.access import built_in_roles
from scanner.simulator.policies import built_in_policies, policy_states
from scanner.simulator.providers.web import settings_references
from scanner.simulator.states import deploy_state
from scanner.simulator.store import Store
from tests.stated import with_shipped_evidence

Json = Any
NOW = datetime(2026, 11, 1, tzinfo=UTC)


@cache
def judging() -> tuple[Baseline, RuleSet]:
    baseline = with_shipped_evidence(load_baseline("openai-chat"))
    return baseline, load_rules([], baseline, fact_paths=FACT_PATHS)


@cache
def bodies(state: str) -> list[Json]:
    """Every resource as ARM would answer it, what no PUT makes included; the subscription first."""
    store = deploy_state(state, NOW).store
    offered = [
        {"id": f"{path}/{at}", **item}
        for path, body in store.answers.items()
        for at, item in enumerate(body["value"] if path.endswith("/models") else ())
    ]
    references = [
        {"id": f"{site.id.text}/config/configreferences/appsettings/{item['name']}", **item}
        for site in store.of_type("Microsoft.Web/sites")
        for item in settings_references(site, store)
    ]
    shown = [providers.show(store, item) for item in store.everything() if make_resource({"id": item.id.text}).type != METRICS]
    log: Json = {
        "type": "Microsoft.Insights/eventtypes",
        "from": "2026-08-03T00:00:00Z",
        "to": NOW.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    log |= {"providers": ["Microsoft.CognitiveServices", "Microsoft.MachineLearningServices", "Microsoft.Search"]}
    window = {"id": f"{shown[0]['id']}/providers/Microsoft.Insights/eventtypes/management", **log}
    named = {f"{shown[0]['id']}/providers/{POLICY_STATES}/{at}": state for at, (_, state) in enumerate(policy_states(store))}
    policies = [built_in_policies()[normalise(name)] for name in sorted(definition_ids(judging()[0]))]
    roles = {
        str(item["properties"].get("roleDefinitionId", "")).rpartition("/")[2].lower() for item in shown if "properties" in item
    }
    policies += [built_in_roles()[name] for name in sorted(roles) if name in built_in_roles()]
    found = [{"id": key, "properties": state["properties"]} for key, state in named.items()]
    measured = [_measured(store, item["id"], wanted) for wanted, item in _metrics(shown)]
    return [*shown, *offered, *references, window, *policies, *found, *measured]


def _metrics(shown: list[Json]) -> list[tuple[MetricRead, Json]]:
    baseline, rule_set = judging()
    wanted = sorted(plan_reads(rule_set, baseline).metrics)
    return [(one, item) for one in wanted for item in shown if make_resource(item).type == one.of]


def _measured(store: Store, resource_id: str, wanted: MetricRead) -> Json:
    """A metric as a collection keeps it."""
    since, now = ((NOW - timedelta(days=days)).isoformat() for days in (wanted.days, 0))
    asked = {"metricnames": wanted.metric, "aggregation": wanted.aggregation, "interval": "P1D", "timespan": f"{since}/{now}"}
    if wanted.dimension:
        asked["$filter"] = f"{wanted.dimension} eq '*'"
    (found,) = metrics.measured(store, resource_id, asked)["value"]
    own = f"{resource_id}/providers/{METRICS}/{wanted.name}"
    return {"id": own, "type": METRICS, "metric": wanted.metric, "from": since, "to": now, "timeseries": found["timeseries"]}


@cache
def reads(state: str) -> list[Read]:
    """The reads of a collection: every type at the subscription, every extension at each resource."""
    baseline, rule_set = judging()
    plan, scope = plan_reads(rule_set, baseline), bodies(state)[0]["id"]
    types = {make_resource(body).type for body in bodies(state)} | plan.types | {child.type for child in plan.children}
    types |= {EVENTS}
    extensions = [Read(wanted.what, body["id"]) for wanted in sorted(plan.extensions) for body in bodies(state)]
    measured = [Read(METRICS, body["id"]) for body in bodies(state) if make_resource(body).type == METRICS]
    return [*(Read(name, scope) for name in sorted(types - {METRICS}) if name), *dict.fromkeys(extensions), *measured]


class Fixed:
    """A source that yields one snapshot as it was given."""

    kind = "test"
    complete = True

    def __init__(self, given: list[Json], asked: list[Read], gaps: list[Gap], scope: str) -> None:
        self.requests = RequestCounts()
        self.scopes: tuple[str, ...] = (scope,)
        self._bodies, self._reads, self._gaps = given, asked, gaps

    def snapshots(self, plan: ReadPlan) -> Iterator[Snapshot]:
        resources = [make_resource(body, via="get", fallback_id=f"/odd/{at}") for at, body in enumerate(self._bodies)]
        yield Snapshot(scopes=self.scopes, resources=resources, reads=self._reads, gaps=self._gaps)


def judge(given: list[Json], asked: list[Read], gaps: list[Gap]) -> Result:
    """The result of a scan of one snapshot."""
    baseline, rule_set = judging()
    source = Fixed(given, asked, gaps, bodies("reference")[0]["id"])
    return run_scan(source, rule_set, baseline, now=NOW, pinned=True)
