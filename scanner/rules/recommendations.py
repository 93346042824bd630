"""What a reference architecture recommends, section by section, with the controls that decide it: a table of the baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from scanner.model.errors import ConfigurationError, Fault
from scanner.model.packaged import shown_path
from scanner.model.yaml_file import load_yaml
from scanner.rules.baseline import Baseline
from scanner.rules.shapes import Shape, hold_against

__all__ = ["Recommendation", "Section", "load_recommendations"]

_TABLE: Final = "recommendations"
Text = Annotated[str, Field(min_length=1)]


class RecommendationShape(Shape):
    """One recommendation: what it asks for in our words, the controls that decide it, what of it they leave open."""

    what: Text
    controls: Annotated[list[Text], Field(min_length=1)]
    note: str = ""


class SectionShape(Shape):
    """A heading of the document with what stands below it."""

    section: Text
    recommends: Annotated[list[RecommendationShape], Field(default_factory=list)]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What is asked for, and the controls that decide it."""

    what: str
    controls: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of the reference architecture; one that recommends nothing itself has no recommendations."""

    title: str
    recommendations: tuple[Recommendation, ...]


def load_recommendations(baseline: Baseline) -> tuple[Section, ...]:
    """The sections in the order of the document; none where the baseline has no such table. Raises `ConfigurationError`."""
    path = baseline.directory / f"{_TABLE}.yaml"
    if not path.is_file():
        return ()
    faults: list[Fault] = []
    file = load_yaml(path, faults, name=shown_path(path))
    if file is not None and not isinstance(file.data, list):
        faults.append(file.fault((), "recommendations are a list of sections"))
    data = file.data if file is not None and isinstance(file.data, list) else []
    shapes = [hold_against(SectionShape, file, faults, data=item, at=(at,)) for at, item in enumerate(data) if file is not None]
    if faults:
        raise ConfigurationError(faults)
    return tuple(
        Section(shape.section, tuple(Recommendation(item.what, tuple(item.controls), item.note) for item in shape.recommends))
        for shape in shapes
        if shape is not None
    )
