"""Joins the parts of the reference deployment into main.json, one template that `az deployment group create` takes by itself.

The parts stay the source: this writes them out as templates within, in the order of reference.yaml, each after the last, with
the parameters of all. `--check` says whether main.json is what it would write.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

Json = Any
DEPLOYMENT = Path(__file__).parent.parent / "baselines" / "openai-chat" / "deployment"
API_VERSION = "2025-04-01"
#: Parameters of a part that main.json gives itself.
GIVEN = {("subscription", "resourceGroupName"): "[resourceGroup().name]"}


def joined() -> Json:
    """The content of main.json."""
    parts = [(Path(item["file"]).stem, item.get("scope", "")) for item in _reference()["templates"]]
    parameters: dict[str, Json] = {}
    resources, before = [], ""
    for name, scope in parts:
        template = json.loads((DEPLOYMENT / f"{name}.json").read_text(encoding="utf-8"))
        own = template.get("parameters", {})
        for key, declared in own.items():
            if (name, key) not in GIVEN:
                parameters.setdefault(key, declared)
        resources.append(_nested(name, scope, template, own, before))
        before = name
    return {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "metadata": {"description": "The whole reference architecture. Made of the templates beside it by make deployment."},
        "parameters": parameters,
        "resources": resources,
    }


def _nested(name: str, scope: str, template: Json, own: Json, before: str) -> Json:
    values = {key: {"value": GIVEN.get((name, key), f"[parameters('{key}')]")} for key in own}
    place = {"subscriptionId": "[subscription().subscriptionId]", "location": "[parameters('location')]"} if scope else {}
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": API_VERSION,
        "name": name,
        **place,
        **({"dependsOn": [f"[resourceId('Microsoft.Resources/deployments', '{before}')]"]} if before else {}),
        "properties": {
            "mode": "Incremental",
            "expressionEvaluationOptions": {"scope": "inner"},
            **({"parameters": values} if values else {}),
            "template": template,
        },
    }


def _reference() -> Json:
    return yaml.safe_load((DEPLOYMENT / "reference.yaml").read_text(encoding="utf-8"))


def main() -> int:
    """Write main.json, or say whether it is up to date."""
    text = json.dumps(joined(), indent=2) + "\n"
    path = DEPLOYMENT / "main.json"
    if "--check" in sys.argv[1:]:
        return 0 if path.is_file() and path.read_text(encoding="utf-8") == text else 1
    path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
