"""Tables as they come in: a DataFrame or a CSV file, with names for its rows in messages."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import pandas as pd

from bayes_leaks.errors import ParameterError

__all__ = ["Table", "read_csv", "read_frame", "write_files"]


@dataclass(frozen=True, slots=True)
class Table:
    """A table to be validated.

    Parameters
    ----------
    name : str
        What messages call it: "assets", or the file's name.
    columns : dict of str to list
        Cells by column, untouched.
    rows : sequence of str
        What messages call each row: "row 4", or "line 4".
    problems : tuple of str
        What went wrong in reading it.
    readable : bool
        False when there is nothing to validate.
    from_text : bool
        True when every cell is text, so that numbers still have to be recognised.
    """

    name: str
    columns: dict[str, list[object]]
    rows: Sequence[str]
    problems: tuple[str, ...] = ()
    readable: bool = True
    from_text: bool = False

    def cell(self, row: int, column: str) -> str:
        """Name a cell, for the start of a message."""
        return f"{self.name}, {self.rows[row]}, column {column}"


def read_frame(frame: pd.DataFrame | None, name: str) -> Table:
    """Take a table from a DataFrame; None stands for a table without rows.

    Raises
    ------
    ParameterError
        It is not a DataFrame.
    """
    if frame is None:
        return Table(name, {"asset_id": [], "time": []}, ())
    if not isinstance(frame, pd.DataFrame):
        raise ParameterError(
            f"{name} must be a pandas DataFrame, found {type(frame).__name__}. "
            "For files use LeakHistory.from_csv."
        )
    problems = tuple(
        f"{name}, column {column}: the column is there twice. Keep one."
        for column in frame.columns[frame.columns.duplicated()].unique()
    )
    columns = {
        str(column): frame.iloc[:, position].tolist()
        for position, column in enumerate(frame.columns)
    }
    return Table(name, columns, [f"row {label}" for label in frame.index], problems)


def read_csv(path: str | Path | None, name: str) -> Table:
    """Take a table from a CSV file in UTF-8; row names are line numbers, the header being line 1.

    A column without a name (a saved index) is left out.

    Parameters
    ----------
    path : str, Path or None
        None stands for a table without rows.
    name : str
        What to call the table where the path is None.
    """
    if path is None:
        return read_frame(None, name)
    path = Path(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _table(path.name, file)
    except FileNotFoundError:
        problem = f"{path}: there is no such file. Check the path of the {name} table."
    except OSError as error:
        problem = f"{path}: cannot be read ({error.strerror})."
    except UnicodeDecodeError:
        problem = f"{path}: is not UTF-8 text. Save the table as CSV in UTF-8."
    except csv.Error as error:
        problem = f"{path}: is not a CSV file ({error})."
    return Table(path.name, {}, (), (problem,), readable=False)


def _table(name: str, file: TextIO) -> Table:
    reader = csv.reader(file, strict=True)
    header = [column.strip() for column in next(reader, [])]
    if not any(header):
        problem = f"{name}: has no header. Its first line must name the columns."
        return Table(name, {}, (), (problem,), readable=False)
    problems = [
        f"{name}, column {column}: the column is there twice. Keep one."
        for position, column in enumerate(header)
        if column and column in header[:position]
    ]
    lines: list[str] = []
    cells: list[list[str]] = []
    last_line = reader.line_num
    for row in reader:
        line = f"line {last_line + 1}"
        last_line = reader.line_num
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            problems.append(
                f"{name}, {line}: has {len(row)} fields where the header has {len(header)}. "
                "Quote fields that hold a comma."
            )
            continue
        lines.append(line)
        cells.append([cell.strip() for cell in row])
    columns: dict[str, list[object]] = {
        column: [row[position] for row in cells] for position, column in enumerate(header) if column
    }
    return Table(name, columns, lines, tuple(problems), from_text=True)


def write_files(texts: dict[Path, str]) -> None:
    """Write text files, each whole or not at all.

    Every text is first written beside its target and then renamed, so that a reader never sees a
    part of a file.
    """
    waiting = {path: path.with_name(f".{path.name}.part") for path in texts}
    try:
        for path, text in texts.items():
            waiting[path].write_text(text, encoding="utf-8", newline="")
        for path, part in waiting.items():
            part.replace(path)
    finally:
        for part in waiting.values():
            part.unlink(missing_ok=True)
