"""Run the benchmarks and write their figures down: ``python tests/benchmarks [NAME ...]``.

Each benchmark runs by itself and prints lines of the form ``what: figure``. They become its table
in docs/performance.md, with the date and the kind of computer. ``NAME`` is that of a module here,
such as ``window``; the tables of the others stay.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[1] / "docs" / "performance.md"
NAMES = (
    "window",
    "plugins",
    "command_line",
    "frozen",
    "countries",
    "requests",
    "rows",
    "certificates",
    "batch",
)


def table_of(name: str) -> str:
    """Run a benchmark; return its figures as Markdown, with the date and the computer."""
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    printed = subprocess.run(
        [sys.executable, HERE / f"{name}.py"], stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    sys.stdout.write(printed)
    cores = os.cpu_count() or 1
    state = "quiet" if busy < cores / 2 else "busy with other programs"
    when = f"{datetime.now(UTC):%Y-%m-%d}, {sys.platform}, {cores} cores, {state}"
    lines = printed.splitlines()
    rows = [line.partition(": ") for line in lines if ": " in line]
    figures = [f"| {what.strip()} | {figure.strip()} |" for what, _, figure in rows]
    if others := [line.rstrip() for line in lines if ": " not in line]:
        others = ["```", *others, "```", ""]
    table = ["| What | Measured |", "| --- | --- |", *figures] if figures else []
    return "\n".join([f"{when} (load {busy:.1f}):", "", *others, *table]).rstrip()


def main() -> None:
    for name in sys.argv[1:] or NAMES:
        text = DOCUMENT.read_text(encoding="utf-8")
        section = re.compile(rf"(<!-- {name} -->\n).*?(\n<!-- end -->)", re.DOTALL)
        table = table_of(name)
        text = section.sub(lambda found, table=table: found[1] + table + found[2], text)
        DOCUMENT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
