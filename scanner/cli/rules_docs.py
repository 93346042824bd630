"""`driftline rules docs`: writes the pages on rules, or says which of those that are there differ."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from scanner.cli import options as o
from scanner.cli.outcome import CLEAN, FAILING
from scanner.model.errors import DriftlineError

__all__ = ["command"]

_FOLDER = Path("docs") / "controls"


def command(
    rules: o.RuleDirectories = None,
    only: o.Only = None,
    skip: o.Skip = None,
    output: Annotated[Path, typer.Option("--output", help="Where the pages go.")] = _FOLDER,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 where pages differ.")] = False,
) -> int:
    """Write a page for each control, indexes by family and section, and what of the reference architecture they cover.

    Examples come from the cases in tests/ of a directory of rules. A page that is no longer wanted is removed; others stay.

    Example: driftline rules docs --rules our-rules --output our-rules/docs
    """
    pages = _pages(rules or [], only, skip)
    differing = sorted([name for name, text in pages.items() if _text_of(output / name) != text])
    surplus = sorted(name for name in _generated(output) if name not in pages)
    if check:
        for name in [*differing, *surplus]:
            typer.echo(f"{output / name} {'is no page any more' if name in surplus else 'differs from the rules'}", err=True)
        if differing or surplus:
            typer.echo(f"Run: {_again(rules or [], only, skip, output)}", err=True)
            return FAILING
        return CLEAN
    _write(output, {name: pages[name] for name in differing}, surplus)
    typer.echo(f"{len(pages)} pages in {output}: {len(differing)} written, {len(surplus)} removed", err=True)
    return CLEAN


def _pages(rules: list[Path], only: list[str] | None, skip: list[str] | None) -> dict[str, str]:
    from scanner.cli.compose import settle
    from scanner.model.packaged import packaged
    from scanner.report.pages import find_examples, render_pages
    from scanner.rules import load_cases
    from scanner.rules.recommendations import load_recommendations

    judging = settle(None, {"rules": rules}, only, skip)
    folders = [packaged("tests", "rules"), *(item / "tests" for item in rules)]
    cases = load_cases([item for item in folders if item.is_dir()])
    examples = find_examples(cases, judging.rule_set, judging.baseline)
    sections = () if only or skip else load_recommendations(judging.baseline)
    return render_pages(judging.rule_set, judging.baseline, examples, sections)


def _text_of(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        return ""
    except OSError as error:
        raise DriftlineError(f"{path} cannot be read: {error.strerror}") from error


def _generated(folder: Path) -> list[str]:
    """The pages in a folder that this command wrote."""
    from scanner.report.pages import MARK

    return [path.name for path in folder.glob("*.md") if (_text_of(path) or "").startswith(MARK)] if folder.is_dir() else []


def _write(folder: Path, pages: dict[str, str], surplus: Iterable[str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in pages.items():
            (folder / name).write_bytes(text.encode("utf-8"))
        for name in surplus:
            (folder / name).unlink()
    except OSError as error:
        raise DriftlineError(f"{error.filename or folder} cannot be written: {error.strerror}") from error


def _again(rules: list[Path], only: list[str] | None, skip: list[str] | None, output: Path) -> str:
    """The command that writes what differs."""
    import shlex

    options = [("--rules", item) for item in rules] + [("--only", item) for item in only or []]
    options += [("--skip", item) for item in skip or []] + ([("--output", output)] if output != _FOLDER else [])
    return shlex.join(["driftline", "rules", "docs", *(str(part) for pair in options for part in pair)])
