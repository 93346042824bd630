"""`make picture`: draws docs/summary.svg, the terminal summary of the drifted state as `driftline demo` prints it, and
docs/architecture-drifted.svg, its architecture as `--format svg` writes it.
"""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.text import Text

from scanner.cli.compose import SourceOptions, open_source, settle
from scanner.engine.scan import run_scan
from scanner.report.picture import render_svg
from scanner.report.terminal import render_terminal

LINES = 44
NOW = datetime(2026, 11, 1, tzinfo=UTC)

#: Rich's own layout loads a font from elsewhere; this one uses what the reader has.
LAYOUT = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<title>driftline demo</title>
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, monospace; font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g>
</g>
</svg>
"""


def main() -> None:
    """Scan the drifted state, draw the first lines of its summary, and its architecture."""
    judging = settle(None, {"baseline": "openai-chat"}, None, None)
    with open_source(SourceOptions(simulate="drifted"), None, NOW) as source:
        result = run_scan(source, judging.rule_set, judging.baseline, now=NOW, pinned=True)
    text = "\n".join(render_terminal(result, width=80, colour=True).splitlines()[:LINES])
    console = Console(record=True, width=82, file=io.StringIO(), force_terminal=True, color_system="standard")
    console.print(Text.from_ansi(text))
    svg = console.export_svg(title="driftline demo", code_format=LAYOUT, unique_id="driftline")
    folder = Path(__file__).parent
    (folder / "summary.svg").write_text(svg, encoding="utf-8")
    (folder / "architecture-drifted.svg").write_bytes(render_svg(result))


if __name__ == "__main__":
    os.environ.pop("NO_COLOR", None)
    main()
