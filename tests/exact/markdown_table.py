"""Pages with a table of what was measured."""

from collections.abc import Sequence
from pathlib import Path


def write_page(
    path: Path, introduction: str, header: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    """Write an introduction and a table; the page appears whole or not at all."""
    cells = [header, ["---"] * len(header), *rows]
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells]
    new = path.with_suffix(".new")
    new.write_text(introduction + "\n" + "\n".join(lines) + "\n", encoding="utf-8")
    new.replace(path)
