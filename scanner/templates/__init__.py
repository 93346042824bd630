"""ARM templates: read, expanded with their parameters, templates within them included. Nothing here deploys or judges."""

from __future__ import annotations

from scanner.templates.deployment import Deployment, Frame, Tree
from scanner.templates.evaluation import settled, unknown_in
from scanner.templates.expand import Expansion, expand, in_order
from scanner.templates.files import TemplateFile, parse_template, read_template
from scanner.templates.instances import Hole, Instance
from scanner.templates.parameters import read_parameters
from scanner.templates.targets import Target

__all__ = [
    "Deployment",
    "Expansion",
    "Frame",
    "Hole",
    "Instance",
    "Target",
    "TemplateFile",
    "Tree",
    "expand",
    "in_order",
    "parse_template",
    "read_parameters",
    "read_template",
    "settled",
    "unknown_in",
]
