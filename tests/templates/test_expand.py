"""Templates expand to what ARM deploys of them: parameters, loops, conditions, templates within, references to each other."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.unknown import Unknown
from scanner.templates import Target
from tests.templates.shapes import (
    ACCOUNT,
    GROUP,
    HERE,
    SUBSCRIPTION,
    bodies,
    expanded,
    nested,
    output,
    outputs,
    resource,
    template,
)  # fmt: skip

Json = Any
SA = f"{ACCOUNT}/"


def names(data: Json, given: Json = None) -> list[str]:
    return list(bodies(data, given))


def test_a_body_is_what_the_template_sets_with_id_name_and_type() -> None:
    data = template(
        resource(
            "sa", location="[resourceGroup().location]", properties={"a": "[parameters('p')]", "b": "[[literal]"}, comments="no"
        ),
        parameters={"p": {"type": "int", "defaultValue": "[add(1, 2)]"}},
    )
    assert bodies(data) == {
        f"{SA}sa": {
            "id": f"{GROUP}/providers/{SA}sa", "name": "sa", "type": ACCOUNT, "location": "eastus2",
            "properties": {"a": 3, "b": "[literal]"},
        }
    }  # fmt: skip


def test_comments_text_over_lines_and_a_byte_order_mark_are_taken() -> None:
    text = '\ufeff{ // c\n "resources": [ /* none\n */ ], "outputs": {"x": {"type": "string", "value": "[concat(\'a\',\n \'b\')]"}} }'
    assert outputs(text.removeprefix("\ufeff"))["x"] == "ab"


def test_copies_of_a_resource_are_counted_out() -> None:
    data = template(
        resource("[format('sa{0}', copyIndex(1))]", copy={"name": "loop", "count": "[length(variables('v'))]"}),
        variables={"v": [1, 2, 3]},
    )
    assert names(data) == [f"{SA}sa1", f"{SA}sa2", f"{SA}sa3"]


def test_copies_of_properties_variables_and_outputs_are_counted_out() -> None:
    data = template(
        resource("sa", properties={"copy": [{"name": "rules", "count": 2, "input": {"n": "[copyIndex('rules')]"}}], "fixed": 1}),
        variables={"copy": [{"name": "list", "count": 2, "input": "[concat('v', copyIndex('list'))]"}], "one": {"copy": [{"name": "in", "count": 1, "input": "x"}]}},
        outputs={"o": {"type": "array", "copy": {"count": 2, "input": "[copyIndex()]"}}, "v": {"type": "array", "value": "[variables('list')]"},
                 "w": {"type": "object", "value": "[variables('one')]"}},
    )  # fmt: skip
    assert bodies(data)[f"{SA}sa"]["properties"] == {"rules": [{"n": 0}, {"n": 1}], "fixed": 1}
    assert outputs(data) == {"o": [0, 1], "v": ["v0", "v1"], "w": {"in": ["x"]}}


def test_a_property_loop_inside_a_resource_loop_sees_both() -> None:
    inner = {"copy": [{"name": "p", "count": 2, "input": "[concat(copyIndex('r'), '-', copyIndex('p'))]"}]}
    data = template(resource("[concat('sa', copyIndex())]", copy={"name": "r", "count": 2}, properties=inner))
    assert [body["properties"]["p"] for body in bodies(data).values()] == [["0-0", "0-1"], ["1-0", "1-1"]]


def test_what_its_condition_turns_off_does_not_come_to_be_nor_is_looked_at() -> None:
    data = template(
        resource("[parameters('missing')]", condition="[not(true())]"),
        resource("sa", condition="[equals(1, 1)]"),
        resource("other", dependsOn=["[resourceId('Microsoft.Storage/storageAccounts', 'sa')]"], condition="true"),
    )
    assert names(data) == [f"{SA}sa", f"{SA}other"]


def test_what_depends_on_another_comes_after_it() -> None:
    data = template(resource("c", dependsOn=["b"]), resource("b", dependsOn=[f"{ACCOUNT}/a"]), resource("a"))
    assert names(data) == [f"{SA}a", f"{SA}b", f"{SA}c"]


def test_children_inside_and_by_name_and_extensions_get_their_ids() -> None:
    lock = resource("l", "Microsoft.Authorization/locks", scope="[format('Microsoft.Storage/storageAccounts/{0}', 'sa')]")
    old = resource("sa/Microsoft.Authorization/g", f"{ACCOUNT}/providers/roleAssignments")
    data = template(
        resource("sa", resources=[resource("default", "blobServices")]),
        resource("sa/default", f"{ACCOUNT}/fileServices"),
        lock,
        old,
    )
    assert names(data) == [
        f"{SA}sa", f"{SA}sa/blobServices/default", f"{SA}sa/fileServices/default",
        f"{SA}sa/providers/Microsoft.Authorization/locks/l", f"{SA}sa/providers/Microsoft.Authorization/roleAssignments/g",
    ]  # fmt: skip
    assert [item.type for item in expanded(data).resources][-2:] == [
        "Microsoft.Authorization/locks",
        "Microsoft.Authorization/roleAssignments",
    ]


def test_symbolic_names_are_followed_also_of_copies_and_existing_ones() -> None:
    data = {
        "languageVersion": "2.0",
        "resources": {
            "vault": resource("kv", "Microsoft.KeyVault/vaults", existing=True),
            "many": resource("[format('sa{0}', copyIndex())]", copy={"name": "many", "count": 2}, properties={"n": "[copyIndex()]"}),
            "one": resource("x", dependsOn=["many"], properties={
                "first": "[reference('many[1]').n]", "all": "[map(references('many'), lambda('m', lambdaVariables('m').n))]",
                "uri": "[reference('vault').vaultUri]", "id": "[resourceInfo('vault').id]"}),
        },
    }  # fmt: skip
    found = bodies(data)[f"{SA}x"]["properties"]
    vault = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
    assert found == {"first": 1, "all": [0, 1], "uri": Unknown.because(f"reference() of {vault}: only Azure knows"), "id": vault}
    assert [item.id for item in expanded(data).existing] == [vault]


def test_a_reference_gives_what_the_template_sets_and_says_what_only_azure_knows() -> None:
    data = template(
        resource("sa", properties={"kept": {"deep": 1}}, tags={"a": "b"}),
        outputs={
            "set": {"type": "int", "value": "[reference('sa').kept.deep]"},
            "by_id": {"type": "int", "value": "[reference(resourceId('Microsoft.Storage/storageAccounts', 'sa'), '2024-01-01').kept.deep]"},
            "full": {"type": "string", "value": "[reference('sa', '2024-01-01', 'Full').tags.a]"},
            "added": {"type": "string", "value": "[reference('sa').primaryEndpoints.blob]"},
            "identity": {"type": "string", "value": "[reference('sa', '2024-01-01', 'full').identity.principalId]"},
            "key": {"type": "string", "value": "[listKeys('sa', '2024-01-01').keys[0].value]"},
        },
    )  # fmt: skip
    found = outputs(data)
    assert (found["set"], found["by_id"], found["full"]) == (1, 1, "b")
    azure = Unknown.because(f"what Azure adds to {ACCOUNT} sa: only Azure knows")
    assert (found["added"], found["identity"], found["key"]) == (
        azure,
        azure,
        Unknown.because("listKeys() asks Azure for secrets or lists"),
    )


def test_templates_within_have_their_own_scope_and_their_outputs_feed_the_parent() -> None:
    inner = template(
        resource("[parameters('name')]"),
        parameters={"name": {"type": "string"}},
        outputs={"id": {"type": "string", "value": "[resourceId('Microsoft.Storage/storageAccounts', parameters('name'))]"}},
    )
    data = template(
        nested("dep", inner, parameters={"name": {"value": "[variables('n')]"}}, resourceGroup="other"),
        resource("app", "Microsoft.Web/sites", properties={"storage": "[reference('dep').outputs.id.value]"}),
        variables={"n": "inner"},
    )
    other = GROUP.replace("/rg", "/other")
    assert bodies(data)["Microsoft.Web/sites/app"]["properties"] == {"storage": f"{other}/providers/{SA}inner"}
    assert f"{other}/providers/{SA}inner" in names(data)


def test_a_template_of_outer_scope_is_evaluated_with_the_values_of_its_parent() -> None:
    inner = template(
        resource("[variables('n')]"), variables={"n": "ignored"}, outputs={"o": {"type": "string", "value": "[variables('n')]"}}
    )
    data = template(
        nested("dep", inner, scope="outer"),
        variables={"n": "ofparent"},
        outputs={"x": {"type": "string", "value": "[reference('dep').outputs.o.value]"}},
    )
    assert names(data) == [f"{SA}ofparent"]
    assert outputs(data)["x"] == "ofparent"


def test_copies_of_templates_take_parameters_of_their_turn_and_depend_on_each_other_by_loop() -> None:
    inner = template(resource("[parameters('n')]"), parameters={"n": {"type": "string"}})
    data = template(
        nested(
            "[concat('d', copyIndex())]",
            inner,
            copy={"name": "loop", "count": 2},
            parameters={"n": {"value": "[concat('sa', copyIndex())]"}},
        ),
        resource("last", dependsOn=["loop"]),
    )
    assert names(data) == [f"{SA}sa0", f"{SA}sa1", f"{SA}last"]


def test_subscription_templates_make_groups_and_deploy_into_them() -> None:
    inner = template(resource("sa", location="[resourceGroup().location]"))
    data = template(
        resource("new", "Microsoft.Resources/resourceGroups", location="westus3"),
        nested(
            "in", inner, resourceGroup="new", dependsOn=["[subscriptionResourceId('Microsoft.Resources/resourceGroups', 'new')]"]
        ),
    )
    found = expanded(data, target=Target(subscription=SUBSCRIPTION)).resources
    assert [item.id for item in found] == [f"/subscriptions/{SUBSCRIPTION}/resourceGroups/new",
                                           f"/subscriptions/{SUBSCRIPTION}/resourceGroups/new/providers/{SA}sa"]  # fmt: skip
    assert found[1].body()["location"] == "westus3"


def test_management_group_and_tenant_templates_have_ids_of_their_own() -> None:
    policy = resource("p", "Microsoft.Authorization/policyAssignments")
    assert expanded(template(policy), target=Target(management_group="mg")).resources[0].id == (
        "/providers/Microsoft.Management/managementGroups/mg/providers/Microsoft.Authorization/policyAssignments/p"
    )
    group = resource("mg2", "Microsoft.Management/managementGroups", scope="/")
    assert (
        expanded(template(group), target=Target(management_group="mg")).resources[0].id
        == "/providers/Microsoft.Management/managementGroups/mg2"
    )


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("[resourceId('Microsoft.Web/sites/config', 'a', 'web')]", f"{GROUP}/providers/Microsoft.Web/sites/a/config/web"),
        ("[resourceId('g', 'Microsoft.Web/sites', 'a')]", f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Web/sites/a"),
        ("[resourceId('s-1', 'g', 'Microsoft.Web/sites', 'a')]", "/subscriptions/s-1/resourceGroups/g/providers/Microsoft.Web/sites/a"),
        ("[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'r')]", f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/r"),
        ("[extensionResourceId(resourceGroup().id, 'Microsoft.Authorization/locks', 'l')]", f"{GROUP}/providers/Microsoft.Authorization/locks/l"),
        ("[tenantResourceId('Microsoft.Management/managementGroups', 'm')]", "/providers/Microsoft.Management/managementGroups/m"),
        ("[subscription().subscriptionId]", SUBSCRIPTION),
        ("[environment().suffixes.storage]", "core.windows.net"),
        ("[deployment().name]", "main"),
        ("[contoso.twice('ab')]", "abab"),
    ],
)  # fmt: skip
def test_functions_of_templates(expression: str, value: str) -> None:
    declared = [{"namespace": "contoso", "members": {"twice": {
        "parameters": [{"name": "t", "type": "string"}], "output": {"type": "string", "value": "[concat(parameters('t'), parameters('T'))]"}}}}]  # fmt: skip
    assert output(expression, functions=declared) == value


@pytest.mark.parametrize(
    "expression",
    ["[newGuid()]", "[subscription().displayName]", "[pickZones('a', 'b', 'c')]", "[deployer().objectId]", "[parameters('v')]"],
)
def test_what_only_azure_knows_is_unknown_with_its_reason(expression: str) -> None:
    found = outputs(
        template(outputs={"x": {"type": "string", "value": expression}}, parameters={"v": {"type": "securestring"}}),
        {"v": Unknown.because("it lies in a vault")},
    )["x"]
    assert isinstance(found, Unknown)
    assert found.reasons[0]


def test_parameters_of_defined_and_nullable_types_may_lack_and_hold_null() -> None:
    data = template(
        parameters={"a": {"$ref": "#/definitions/name"}, "b": {"type": "string", "nullable": True}},
        definitions={"name": {"type": "string", "defaultValue": "x", "minLength": 1}},
        outputs={"x": {"type": "string", "value": "[coalesce(parameters('b'), parameters('a'))]"}},
    )
    assert outputs(data)["x"] == "x"
    assert outputs(data, {"b": "given"})["x"] == "given"
    assert outputs(data, {"b": None, "a": "y"})["x"] == "y"


def test_names_and_conditions_that_only_azure_knows_leave_a_hole_and_no_guess() -> None:
    data = template(
        resource("[newGuid()]", "Microsoft.Authorization/roleAssignments"),
        resource("maybe", condition="[empty(reference('/subscriptions/s/resourceGroups/g/providers/Contoso.X/y/z', '1').p)]"),
        resource("[concat('sa', copyIndex())]", copy={"name": "l", "count": "[length(listKeys('/x', '1').keys)]"}),
    )
    found = expanded(data)
    assert [item.name for item in found.resources] == ["{unresolved}-0-0"]
    assert [(hole.type, hole.scope.removeprefix(GROUP)) for hole in found.holes] == [
        (ACCOUNT, ""),
        (ACCOUNT, f"/providers/{SA}maybe"),
    ]


def test_everything_inside_a_template_of_unknown_condition_is_a_hole() -> None:
    data = template(nested("dep", template(resource("sa")), condition="[equals(newGuid(), 'x')]"))
    found = expanded(data, target=HERE)
    assert (found.resources, [hole.type for hole in found.holes]) == ((), [ACCOUNT])


def test_a_linked_template_beside_the_file_is_read_and_one_elsewhere_is_a_hole(tmp_path: Any) -> None:
    import json

    from scanner.templates import expand, read_template
    from tests.templates.shapes import NOW

    linked = resource(
        "l",
        "Microsoft.Resources/deployments",
        properties={"templateLink": {"relativePath": "inner/one.json"}, "parameters": {"n": {"value": "sa"}}},
    )
    remote = resource("r", "Microsoft.Resources/deployments", properties={"templateLink": {"uri": "https://example.com/a.json"}})
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "one.json").write_text(
        json.dumps(template(resource("[parameters('n')]"), parameters={"n": {"type": "string"}}))
    )
    (tmp_path / "main.json").write_text(json.dumps(template(linked, remote)))
    found = expand(read_template(tmp_path / "main.json"), {}, HERE, now=NOW)
    assert [item.name for item in found.resources] == ["sa"]
    assert [str(hole.reason) for hole in found.holes] == ["the template that the deployment r links to was not read"]


def test_what_public_templates_write_and_arm_takes_is_taken() -> None:
    """Children in full inside their parent, names without their parent in dependsOn, last commas, numbers as text and in ids."""
    text = """{"parameters": {"n": {"type": "int", "defaultValue": "3", "minValue": 5}, "t": {"type": "string", "defaultValue": "", "minLength": 1},},
      "resources": [
        {"type": "A.B/c", "apiVersion": "1", "name": "p", "resources": [
          {"type": "A.B/c/d", "apiVersion": "1", "name": "p/full"},
          {"type": "d", "apiVersion": "1", "name": "short", "dependsOn": ["full", "[resourceId('A.B/c/d/', 'p', 'full')]"]},
        ]},
        {"type": "A.B/c", "apiVersion": "1", "name": "[concat('q', 1)]", "dependsOn": ["short"], "properties": {
          "n": "[add(parameters('n'), 1)]", "id": "[resourceId('A.B/c', 1)]", "own": "[reference(resourceId('A.B/c', 'q1'), '1').x]"}}
      ]}"""
    found = bodies(text)
    assert list(found) == ["A.B/c/p", "A.B/c/p/d/full", "A.B/c/p/d/short", "A.B/c/q1"]
    assert (found["A.B/c/q1"]["properties"]["n"], found["A.B/c/q1"]["properties"]["id"]) == (4, f"{GROUP}/providers/A.B/c/1")
    assert isinstance(found["A.B/c/q1"]["properties"]["own"], Unknown)
