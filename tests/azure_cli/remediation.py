"""The scripts that a plan is rendered as, run by bash and the real az against the simulator; and their queries, by az's JMESPath.

Run by `make azure-cli`, which installs az into an environment of its own; its name keeps it out of `make test`.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scanner.model.resource import make_resource
from scanner.model.unknown import ABSENT
from scanner.remediation.operations import Change, Kind, Operation, changed, value_at
from scanner.remediation.plan import Plan
from scanner.remediation.renderers.az import render_az
from scanner.remediation.renderers.queries import expected_of, expected_of_body, new_body
from scanner.simulator import Simulator, providers, serve
from scanner.simulator.loaded import OPERATOR, load_resources
from tests.remediation.plans import STORAGE as HOSTILE_STORAGE
from tests.remediation.plans import SUBSCRIPTION, TAGS, TEXTS, plan, set_step, step

Json = Any
#: A name that az, URLs and shells could each misread; Azure's own are tamer.
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg=@(\u00fc) {{subscriptionId}} 100%25 $(touch pwned)"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stdata"
LOCK = f"{STORAGE}/providers/Microsoft.Authorization/locks/driftline-keep"
RULE = f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg/securityRules/ssh"
STORED: list[Json] = [
    {"id": SUBSCRIPTION, "subscriptionId": SUBSCRIPTION.rpartition("/")[2], "displayName": "sub", "state": "Enabled"},
    {
        "id": STORAGE, "location": "eastus2", "kind": "StorageV2", "sku": {"name": "Standard_LRS"},
        "tags": {"kept": "a", "gone": 'x\ny"`$(touch pwned)`'},
        "properties": {"allowBlobPublicAccess": True, "networkAcls": {"defaultAction": "Allow", "ipRules": [{"value": "1.2.3.4"}, {"value": "5.6.7.8"}]}},
    },
    {"id": RULE.rpartition("/securityRules/")[0], "location": "eastus2", "properties": {"securityRules": []}},
    {"id": RULE, "name": "ssh", "properties": {
        "protocol": "Tcp", "access": "Allow", "direction": "Inbound", "priority": 100, "sourceAddressPrefix": "*",
        "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "22",
    }},
]  # fmt: skip


@dataclass
class Azure:
    """A simulator, az signed in to it, and the scripts of a plan."""

    simulator: Simulator
    folder: Path

    @property
    def bodies(self) -> dict[str, Json]:
        """What is there, as ARM shows it, but for who wrote it."""
        store = self.simulator.deployed.store
        found = ((key, store.raw(key)) for key in (STORAGE, LOCK, RULE))
        shown = {key: json.loads(json.dumps(providers.show(store, stored))) for key, stored in found if stored is not None}
        return {key: {name: item for name, item in body.items() if name != "systemData"} for key, body in shown.items()}

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command whose az is the real one."""
        environment = {
            **os.environ, "PATH": f"{Path(os.environ['DRIFTLINE_AZ']).parent}{os.pathsep}{os.environ['PATH']}",
            "AZURE_CONFIG_DIR": str(self.folder / "az"), "REQUESTS_CA_BUNDLE": str(self.simulator.ca_file),
            "AZURE_CORE_COLLECT_TELEMETRY": "0",
        }  # fmt: skip
        return subprocess.run(command, env=environment, cwd=self.folder, capture_output=True, text=True, check=False)

    def write(self, made: Plan) -> None:
        """The scripts of a plan."""
        for name, content in render_az(made).items():
            (self.folder / name).write_bytes(content)


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Azure]:
    with serve(load_resources([make_resource(body, via="get") for body in STORED], datetime.now(UTC))) as simulator:
        found = Azure(simulator, tmp_path)
        for key in (STORAGE, RULE):  # so that what a provider fills in is there before and after
            providers.write(simulator.deployed.store, key, found.bodies[key])
        for arguments in (
            ["cloud", "register", "--name", "Local", "--endpoint-resource-manager", simulator.endpoint],
            ["cloud", "set", "--name", "Local"],
            ["config", "set", "core.instance_discovery=false"],
            [
                "login",
                "--service-principal",
                "-u",
                OPERATOR.client_id,
                "-p",
                OPERATOR.secret,
                "--tenant",
                simulator.deployed.tenant,
            ],
        ):
            ran = found.run("az", *arguments)
            assert ran.returncode == 0, ran.stderr
        yield found


def made(azure: Azure) -> Plan:
    """A plan of every kind of operation: a nested member, an element of a list, tags, a new member."""
    changes = (
        Change(("properties", "allowBlobPublicAccess"), True, False),
        Change(("properties", "networkAcls", "ipRules", 1, "value"), "5.6.7.8", "9.9.9.9"),
        Change(("tags",), azure.bodies[STORAGE]["tags"], {"kept": "a", **TAGS}),
        Change(("properties", "minimumTlsVersion"), ABSENT, "TLS1_2", "TLS1_0"),
    )
    steps = (
        set_step("step-001", STORAGE, azure.bodies[STORAGE], *changes),
        step(
            "step-002",
            Operation(Kind.CREATE, LOCK, "2020-05-01", body={"properties": {"level": "CanNotDelete", "notes": TEXTS[9]}}),
        ),
        step("step-003", Operation(Kind.REMOVE, RULE, "2024-05-01", body={"properties": STORED[3]["properties"]})),
        step("step-004", Operation(Kind.ACTION, STORAGE, "2024-01-01", action="regenerateKey", body={"keyName": "key1"})),
    )
    return plan(steps=steps)


def test_a_plan_is_carried_out_and_undone(azure: Azure) -> None:
    before, wanted = azure.bodies, made(azure)
    azure.write(wanted)
    for arguments in (["fix.sh"], ["undo.sh", "--all"]):
        azure.run("bash", *arguments)
        assert azure.bodies == before
    ran = azure.run("bash", "fix.sh", "--apply")
    assert ran.returncode == 0, ran.stderr
    assert "WARNING" not in ran.stdout
    after = azure.bodies
    assert RULE not in after
    assert after[LOCK]["properties"]["notes"] == TEXTS[9]
    assert after[STORAGE] == changed(before[STORAGE], wanted.steps[0].operation.changes)
    assert ("POST", f"{STORAGE}/regenerateKey", 200) in azure.simulator.requests
    (azure.folder / "fix.sh.state").rename(azure.folder / "kept")
    again = azure.run("bash", "fix.sh", "--apply", "--only", "step-001", "--only", "step-002", "--only", "step-003")
    assert again.stdout.count("is as wanted already") == 3, again.stderr
    (azure.folder / "kept").rename(azure.folder / "fix.sh.state")
    ran = azure.run("bash", "undo.sh", "--apply")
    assert ran.returncode == 0, ran.stderr
    assert azure.bodies == before
    assert not (azure.folder / "pwned").exists()


def test_what_was_changed_since_stops_it(azure: Azure) -> None:
    azure.write(made(azure))
    store = azure.simulator.deployed.store
    acls = {"defaultAction": "Deny", "ipRules": [{"value": "5.6.7.8"}, {"value": "1.2.3.4"}]}
    providers.write(store, STORAGE, changed(azure.bodies[STORAGE], [Change(("properties", "networkAcls"), ABSENT, acls)]))
    ran = azure.run("bash", "fix.sh", "--apply")
    assert ran.returncode == 1
    assert "STOPPED: properties.networkAcls.ipRules[1].value is no longer what was scanned" in ran.stderr
    assert {method for method, _, _ in azure.simulator.requests if method in {"PUT", "DELETE"}} == set()


def test_what_arm_refuses_is_told(azure: Azure) -> None:
    refused = step("step-001", Operation(Kind.CREATE, f"{HOSTILE_STORAGE}x", "2024-01-01", body={"location": "eastus2"}))
    azure.write(plan(steps=(refused,)))
    ran = azure.run("bash", "fix.sh", "--apply")
    assert ran.returncode == 1
    assert "ResourceGroupNotFound" in ran.stderr
    assert "STOPPED: creating it failed" in ran.stderr


#: Answers, line by line, what queries make of bodies.
_JMESPATH = """
import json, sys
import jmespath
for line in sys.stdin:
    query, body = json.loads(line)
    try:
        print(json.dumps([jmespath.search(query, body), ""]), flush=True)
    except Exception as error:
        print(json.dumps([None, str(error)]), flush=True)
"""


@pytest.fixture(scope="module")
def az_python() -> Iterator[subprocess.Popen[str]]:
    command = [str(Path(os.environ["DRIFTLINE_AZ"]).with_name("python")), "-c", _JMESPATH]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def search(process: subprocess.Popen[str], query: str, body: Json) -> Json:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{json.dumps([query, body])}\n")
    process.stdin.flush()
    found, error = json.loads(process.stdout.readline())
    assert not error, error
    return found


def answers(process: subprocess.Popen[str], queries: list[str], body: Json) -> list[str]:
    """As scripts compare them."""
    return [search(process, f"to_string({query})", body).lower() for query in queries]


NAMES = st.sampled_from([*TEXTS, "a", "b", "properties", "x-y", "`", "@"])
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(-4, 4)
    | st.text(max_size=6)
    | st.sampled_from([*TEXTS, "`", "\\`"])
)
OBJECTS = st.recursive(
    LEAVES, lambda below: st.lists(below, max_size=3) | st.dictionaries(NAMES, below, max_size=3), max_leaves=12
).flatmap(lambda value: st.dictionaries(NAMES, st.just(value) | LEAVES, max_size=4))


@st.composite
def places_in(draw: st.DrawFn, body: Json) -> tuple[str | int, ...]:
    """A place below what is there, or beside it."""
    path: list[str | int] = [draw(NAMES)]
    here: Json = body.get(path[0], ABSENT)
    while draw(st.booleans()):
        if isinstance(here, list) and here:
            path.append(draw(st.integers(0, len(here) - 1)))
        elif isinstance(here, dict) or here is ABSENT or here is None:
            path.append(draw(st.sampled_from(sorted(here)) | NAMES if isinstance(here, dict) and here else NAMES))
        else:
            break
        here = value_at(here, (path[-1],))
    return tuple(path)


@settings(max_examples=400)
@given(st.data(), OBJECTS, st.lists(LEAVES | OBJECTS | st.lists(LEAVES, max_size=3) | st.just(ABSENT), min_size=1, max_size=3))
def test_queries_make_what_the_plan_says(
    az_python: subprocess.Popen[str], data: st.DataObject, body: Json, values: list[Json]
) -> None:
    changes: list[Change] = []
    for value in values:
        path = data.draw(places_in(body))
        assume(value_at(body, path) is not ABSENT or value not in (ABSENT, None))
        assume(not isinstance(path[-1], int) or value is not ABSENT)
        assume(all(path[: len(item.path)] != item.path and item.path[: len(path)] != path for item in changes))
        changes.append(Change(path, value_at(body, path), value if value is ABSENT else nothing(value)))
    operation = set_step("step-001", HOSTILE_STORAGE, body, *changes).operation
    expected = expected_of(operation)
    befores, afters = ([getattr(item, side) for item in expected] for side in ("before", "after"))
    assert answers(az_python, [query for query, _ in befores], body) == [answer for _, answer in befores]
    made_of_it = without_mark(search(az_python, new_body(operation, "MARK"), body))
    assert nothing(made_of_it) == nothing(operation.whole)
    assert answers(az_python, [query for query, _ in afters], made_of_it) == [answer for _, answer in afters]


@settings(max_examples=200)
@given(OBJECTS)
def test_a_body_is_known_again(az_python: subprocess.Popen[str], body: Json) -> None:
    expected = expected_of_body(body)
    more = {**body, "added by Azure": 1}
    assert answers(az_python, [item.after[0] for item in expected], more) == [item.after[1] for item in expected]


def test_what_is_absent_is_azures_default(az_python: subprocess.Popen[str]) -> None:
    change = Change(("properties", "tls"), ABSENT, "TLS1_2", default="TLS1_0")
    operation = set_step("step-001", HOSTILE_STORAGE, {"properties": {}}, change).operation
    (expected,) = expected_of(operation)
    bodies = [{"properties": {"tls": value}} for value in (None, "tls1_0", "TLS1_1", "TLS1_2")]
    found = [answers(az_python, [expected.before[0], expected.after[0]], body) for body in bodies]
    assert expected.before[1] != expected.after[1]
    assert found == [[expected.before[1]] * 2] * 2 + [['["tls1_1"]'] * 2] + [[expected.after[1]] * 2]


def without_mark(value: Json) -> Json:
    if isinstance(value, list):
        return [without_mark(item) for item in value]
    return {name: without_mark(item) for name, item in value.items() if item != "MARK"} if isinstance(value, dict) else value


def nothing(value: Json) -> Json:
    """A value without members that are null, which to ARM are absent."""
    if isinstance(value, list):
        return [nothing(item) for item in value]
    return {name: nothing(item) for name, item in value.items() if item is not None} if isinstance(value, dict) else value
