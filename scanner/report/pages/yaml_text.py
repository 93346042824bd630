"""YAML as people write it, for examples on pages."""

from __future__ import annotations

from typing import Any, Final

import yaml

__all__ = ["yaml_text"]

Json = Any
#: What a mapping on one line may take.
_WIDEST: Final = 90


def yaml_text(value: Json) -> str:
    """A value as people write it in YAML: what fits on a line stands on one."""
    dumped = yaml.dump(value, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=110, allow_unicode=True)
    return str(dumped)


class _Dumper(yaml.SafeDumper):  # not the C one, which breaks lines elsewhere: pages are the same wherever they are written
    """Writes values out in full, and texts with quotes in them within double ones."""

    def ignore_aliases(self, data: Json) -> bool:
        return True

    def represent_mapping(self, tag: str, mapping: Json, flow_style: Json = None) -> yaml.MappingNode:
        node: yaml.MappingNode = super().represent_mapping(tag, mapping, flow_style)
        flat = all(isinstance(value, yaml.ScalarNode) or _is_flat_list(value) for _, value in node.value)
        node.flow_style = bool(node.value) and flat and _width(node) <= _WIDEST
        return node


def _is_flat_list(node: yaml.Node) -> bool:
    return isinstance(node, yaml.SequenceNode) and all(isinstance(item, yaml.ScalarNode) for item in node.value)


def _width(node: yaml.Node) -> int:
    """About how many signs a node takes on one line."""
    if isinstance(node, yaml.MappingNode):
        return sum(_width(key) + _width(value) + 4 for key, value in node.value)
    return sum(_width(item) + 2 for item in node.value) if isinstance(node, yaml.SequenceNode) else len(node.value)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if "'" in text else None)


_Dumper.add_representer(str, _represent_text)
