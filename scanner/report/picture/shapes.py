"""What a picture consists of before it is written: boxes with a place, lines with their corners, and the sizes that all share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from scanner.model.graph import Link, Node

__all__ = [
    "CHIP",
    "GAP",
    "HEAD",
    "NODE",
    "PAD",
    "PITCH",
    "WIDTH",
    "Box",
    "Door",
    "Drawn",
    "Line",
    "Picture",
]

#: Height of a service, of a chip (endpoint, address), of the head of a frame; the pitch of rows.
NODE: Final = 44.0
CHIP: Final = 30.0
HEAD: Final = 42.0
PITCH: Final = 52.0
#: Inner margin of a frame, space between frames, width of a service.
PAD: Final = 12.0
GAP: Final = 18.0
WIDTH: Final = 192.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Where it ends to the right."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Where it ends below."""
        return self.y + self.height

    @property
    def middle(self) -> float:
        """Half of its height."""
        return self.y + self.height / 2

    def holds(self, other: Box) -> bool:
        """Whether another box lies within this one."""
        inside = self.x <= other.x and self.y <= other.y
        return inside and other.right <= self.right and other.bottom <= self.bottom

    def meets(self, other: Box) -> bool:
        """Whether another box shares some area with this one."""
        beside = self.right <= other.x or other.right <= self.x
        return not beside and self.y < other.bottom and other.y < self.bottom


@dataclass(frozen=True, slots=True)
class Drawn:
    """A node with its place. `look` is `frame` (a network), `segment` (a subnet), `node` (a service) or `chip`."""

    node: Node
    box: Box
    look: str


@dataclass(frozen=True, slots=True)
class Door:
    """Where the Internet comes in: a public IP, or public access of services, which is no resource (no `node`)."""

    node: Node | None
    box: Box
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A line through its corners, with the link that it stands for."""

    link: Link
    corners: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """All of a workload: what is drawn, frames first, and doors under the band of the Internet (none where nothing is open)."""

    width: float
    height: float
    drawn: tuple[Drawn, ...]
    doors: tuple[Door, ...]
    lines: tuple[Line, ...]
    band: Box | None = None
    strip: Box | None = None
