"""Markdown from text that may be hostile: escaped in prose, fenced in code; nothing in it becomes a link, an image or HTML."""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

from scanner.language.messages import printable

__all__ = ["Markdown", "anchor", "code", "escaped", "fenced", "yaml_text"]

Json = Any
_LONGEST: Final = 4000
#: What a mapping on one line may take.
_WIDEST: Final = 90
_MARKUP: Final = re.compile(r"[\\`*_\[\]~$]")
_LIST_MARK: Final = re.compile(r"^(\d{1,9})([.)])(?=\s|$)|^([-+#=>:])")
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"}


class Markdown(str):
    """Text that is Markdown already, and is not escaped again."""

    __slots__ = ()


def escaped(text: object) -> Markdown:
    """Text that shows as it is, on one line; addresses do not turn into links."""
    if isinstance(text, Markdown):
        return text
    plain = printable(" ".join(str(text).split()), longest=_LONGEST)
    marked = _MARKUP.sub(lambda sign: f"\\{sign[0]}", plain)
    marked = "".join(_ENTITIES.get(sign, sign) for sign in marked)
    marked = marked.replace("://", "&#58;//").replace("@", "&#64;")
    marked = re.sub(r"(?i)\b(www)\.(?=\S)", r"\1&#46;", marked)
    return Markdown(_LIST_MARK.sub(lambda mark: f"{mark[1]}\\{mark[2]}" if mark[1] else f"\\{mark[3]}", marked))


def anchor(heading: str) -> Markdown:
    """The name by which a link finds a heading, as GitHub makes it; of a heading in other scripts only a part."""
    return Markdown(re.sub(r"[^a-z0-9_ -]", "", " ".join(heading.lower().split())).replace(" ", "-"))


def code(text: object) -> Markdown:
    """Text as a code span, in a table too."""
    plain = printable(" ".join(str(text).split()), longest=_LONGEST) or " "
    if "|" in plain:  # a table would be cut there
        return Markdown(f"<code>{escaped(plain)}</code>")
    fence = "`" * (max((len(run) for run in re.findall("`+", plain)), default=0) + 1)
    pad = " " if plain[0] == "`" or plain[-1] == "`" else ""
    return Markdown(f"{fence}{pad}{plain}{pad}{fence}")


def fenced(text: str, language: str = "yaml") -> Markdown:
    """Lines as a code block, fenced by more backticks than they hold in a row."""
    lines = [printable(line, longest=_LONGEST) if line else "" for line in text.rstrip("\n").split("\n")]
    fence = "`" * max(3, 1 + max((len(run) for line in lines for run in re.findall("`+", line)), default=0))
    return Markdown("\n".join([f"{fence}{language}", *lines, fence]))


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
