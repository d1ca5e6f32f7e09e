"""Marks: what is known of an event besides its asset and time."""

from collections.abc import Collection

import numpy as np
import pandas as pd

from bayes_leaks.record.columns import is_missing, number_column, text, text_column
from bayes_leaks.record.tables import Table
from bayes_leaks.record.times import is_number

__all__ = ["HOLE_COLUMNS", "MARK_COLUMNS", "read_marks"]

HOLE_COLUMNS = ("hole_mm_low", "hole_mm_best", "hole_mm_high")
"""Lowest, best and highest value of a hole's diameter in mm."""

MARK_COLUMNS = (*HOLE_COLUMNS, "reported_cause", "source_group")
"""Marks that the package itself knows; a table may have others."""


def read_marks(table: Table, other: Collection[str], problems: list[str]) -> pd.DataFrame:
    """Read the marks of an events table.

    A column becomes numbers (float, NaN where empty) when its cells are numbers, and text (empty
    where missing) otherwise. Cells of a CSV file are numbers when all of them can be read so.

    Parameters
    ----------
    table : Table
    other : collection of str
        Columns that are not marks.
    problems : list of str
        Problems are added here.

    Returns
    -------
    DataFrame
        One row an event, in the table's order.
    """
    marks: dict[str, object] = {}
    for column in table.columns:
        if column in other:
            continue
        if "/" in column:
            problems.append(
                f"{table.name}, column {column}: a column's name must not hold '/'. Rename it, "
                f"for example to {column.replace('/', '_per_')}."
            )
        if column in HOLE_COLUMNS or (column not in MARK_COLUMNS and _is_numeric(table, column)):
            marks[column] = number_column(table, column, problems)
        else:
            marks[column] = pd.Series(text_column(table, column), dtype="str")
    frame = pd.DataFrame(marks, index=pd.RangeIndex(len(table.rows)))
    _check_holes(table, frame, problems)
    return frame


def _is_numeric(table: Table, column: str) -> bool:
    given = [value for value in table.columns[column] if not is_missing(value)]
    if not given:
        return False
    if not table.from_text:
        return all(is_number(value) for value in given)
    try:
        [float(str(value)) for value in given]
    except ValueError:
        return False
    return True


def _check_holes(table: Table, marks: pd.DataFrame, problems: list[str]) -> None:
    present = [column for column in HOLE_COLUMNS if column in marks]
    for column in present:
        size = marks[column].to_numpy()
        for row in np.flatnonzero(~np.isnan(size) & ~((size > 0) & np.isfinite(size))).tolist():
            problems.append(
                f"{table.cell(row, column)}: {text(table.columns[column][row])!r} is not a hole "
                "size. Write a diameter in mm above 0, or leave it empty."
            )
    for row, sizes in enumerate(marks[present].to_numpy(dtype=float)):
        given = sizes[~np.isnan(sizes)]
        if (np.diff(given) < 0).any():
            written = " > ".join(f"{size:g}" for size in given)
            problems.append(
                f"{table.name}, {table.rows[row]}, columns {', '.join(present)}: {written} is "
                "out of order. Sizes must rise from low over best to high."
            )
