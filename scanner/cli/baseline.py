"""`driftline baseline`: list, show, init."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scanner.cli import baseline_init

if TYPE_CHECKING:
    from scanner.rules.baseline import Baseline, Component

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The baselines: what drift is measured against, and what each sets."
)


app.command("init")(baseline_init.command)


@app.command("list")
def list_baselines() -> int:
    """List every shipped baseline with its title, environments and number of controls.

    Example: driftline baseline list
    """
    from scanner.facts import FACT_PATHS
    from scanner.rules import load_baseline, load_rules
    from scanner.rules.baseline import baseline_names

    for name in baseline_names():
        baseline = load_baseline(name)
        controls = {rule.control for rule in load_rules([], baseline, fact_paths=FACT_PATHS).rules}
        typer.echo(f"{name}: {baseline.title or 'no title'}")
        typer.echo(f"  environments {', '.join(baseline.environments)}; {len(controls)} controls")
    return 0


@app.command("show")
def show_baseline(name: Annotated[str, typer.Argument(metavar="NAME", help="A shipped baseline or a directory.")]) -> int:
    """Show a baseline: its components, its parameters with the value in each environment, its tables.

    Example: driftline baseline show openai-chat
    """
    from scanner.rules import load_baseline

    first = load_baseline(name)
    by_environment = [load_baseline(name, item) for item in first.environments]
    typer.echo("\n".join([*_head(first), *_components(first), *_parameters(first, by_environment), *_tables(first)]))
    return 0


def _head(baseline: Baseline) -> Iterator[str]:
    yield f"{baseline.name} {baseline.version}: {baseline.title or 'no title'}"
    yield f"Environments: {', '.join(baseline.environments)}"


def _components(baseline: Baseline) -> Iterator[str]:
    yield "\nComponents:"
    for item in baseline.components.values():
        yield f"  {item.name} ({_count(item)})" + (f": {item.purpose}" if item.purpose else "")
        yield f"    {', '.join(item.types)}"


def _count(component: Component) -> str:
    least, most = component.least, component.most
    return str(least) if least == most else f"{least} to {most}" if most is not None else f"{least} or more"


def _parameters(baseline: Baseline, by_environment: list[Baseline]) -> Iterator[str]:
    yield "\nParameters:"
    for item in baseline.described:
        values = {each.environment: _text(each.parameters[item.name]) for each in by_environment}
        same = len(set(values.values())) == 1
        yield f"  {item.name} ({item.kind}): {item.doc}"
        yield f"    {_text(item.value)}" if same else f"    {', '.join(f'{key} {value}' for key, value in values.items())}"


def _tables(baseline: Baseline) -> Iterator[str]:
    if baseline.tables:
        yield "\nTables:"
    for name, table in sorted(baseline.tables.items()):
        yield f"  {name}: {len(table) if isinstance(table, list | dict) else 1} entries"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
