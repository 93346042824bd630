"""Whatever stands in two bodies: no defect, nothing between a body and itself, and the same seen from both sides."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scanner.diff.change import SnapshotDiff
from scanner.report.diff_json import Sides, render_snapshot_diff_json
from scanner.report.diff_markdown import render_snapshot_diff_markdown
from scanner.report.diff_terminal import render_snapshot_diff
from tests.diff.comparing import STORAGE, SUB, bodies, lines

Json = Any
NAMES = st.sampled_from(
    ["name", "id", "value", "etag", "tags", "networkAcls", "ipRules", "Name", "subnets", "password", "a.b", "", "location"]
)
PLAIN = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.sampled_from([SUB, SUB.upper(), "pwd=x", "East US"])
)
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12)
TYPES = st.sampled_from(
    [
        STORAGE,
        f"{SUB}/resourceGroups/g/providers/Microsoft.Web/sites/s",
        f"{SUB}/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v",
        SUB,
    ]
)
BODIES = st.fixed_dictionaries(
    {}, optional={"properties": VALUES, "tags": VALUES, "location": VALUES, "identity": VALUES, "sku": VALUES}
)


def rendered(diff: SnapshotDiff) -> SnapshotDiff:
    render_snapshot_diff_json(diff, Sides("a", "b"))
    render_snapshot_diff(diff)
    render_snapshot_diff_markdown(diff)
    return diff


@given(BODIES, BODIES, TYPES, st.booleans(), st.booleans())
def test_odd_data_is_no_defect(old: Json, new: Json, at: str, deployed: bool, everything: bool) -> None:  # noqa: FBT001  # drawn
    rendered(bodies(old, new, at, deployed=deployed, everything=everything))


@given(BODIES, TYPES, st.booleans())
def test_a_body_and_itself_do_not_differ(body: Json, at: str, everything: bool) -> None:  # noqa: FBT001  # drawn
    assert lines(bodies(body, body, at, everything=everything)) == []


@given(BODIES, BODIES, TYPES)
def test_the_same_properties_differ_from_both_sides(old: Json, new: Json, at: str) -> None:
    there, back = bodies(old, new, at), bodies(new, old, at)
    assert bool(there.changes) == bool(back.changes)
    assert bool(there.uncompared) == bool(back.uncompared)
