"""Columns of a table, read cell by cell; every cell that cannot be read becomes a problem."""

import difflib
from collections.abc import Collection

import numpy as np
import pandas as pd

from bayes_leaks.record.tables import Table
from bayes_leaks.record.times import Moment, TimeForm, is_number, parse_moment

__all__ = ["TimeReader", "check_columns", "is_missing", "number_column", "text", "text_column"]

type FloatArray = np.ndarray[tuple[int], np.dtype[np.float64]]

_ALIKE = 0.8
"""Names at least this alike are taken for misspellings."""


def is_missing(value: object) -> bool:
    """Tell whether a cell is empty (None, NaN, NaT, or text without letters)."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or value is pd.NA or value is pd.NaT or value != value


def text(value: object) -> str:
    """Write a cell as text; a missing cell is empty text and 5.0 is "5"."""
    if is_missing(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def check_columns(table: Table, required: Collection[str], optional: Collection[str]) -> list[str]:
    """Report required columns that are missing and optional ones that look misspelt."""
    problems = []
    for column in required:
        if column not in table.columns:
            found = ", ".join(table.columns) or "none"
            problems.append(f"{table.name}: column {column} is missing. Columns found: {found}.")
    known = {*required, *optional}
    absent = [column for column in optional if column not in table.columns]
    for column in table.columns:
        if column in known:
            continue
        for meant in difflib.get_close_matches(column.lower(), absent, n=1, cutoff=_ALIKE):
            problems.append(
                f"{table.name}, column {column}: looks like {meant}, which the table does not "
                f"have. Rename it to {meant}, or to something less alike."
            )
    return problems


def text_column(table: Table, column: str, default: str = "") -> list[str]:
    """Read a column as text; empty cells, or a column that is not there, give the default."""
    if column not in table.columns:
        return [default] * len(table.rows)
    return [text(value) or default for value in table.columns[column]]


def number_column(table: Table, column: str, problems: list[str]) -> FloatArray:
    """Read a column as numbers; empty cells, or a column that is not there, give NaN."""
    numbers = np.full(len(table.rows), np.nan)
    for row, value in enumerate(table.columns.get(column, [])):
        if is_missing(value):
            continue
        try:
            numbers[row] = _number(value)
        except ValueError:
            problems.append(f"{table.cell(row, column)}: {text(value)!r} is not a number.")
    return numbers


def _number(value: object) -> float:
    if isinstance(value, str) or is_number(value):
        return float(value)
    raise ValueError


class TimeReader:
    """Reads times and watches that one record writes all of them in one way.

    Parameters
    ----------
    problems : list of str
        Problems are added here.
    """

    def __init__(self, problems: list[str]) -> None:
        self._problems = problems
        self._first: dict[TimeForm, str] = {}

    def column(self, table: Table, column: str) -> tuple[FloatArray, list[bool]]:
        """Read a column.

        Returns
        -------
        years : ndarray of shape (n_rows,)
            NaN where the cell is empty or cannot be read.
        empty : list of bool
            True where the cell is empty.
        """
        years = np.full(len(table.rows), np.nan)
        empty = [False] * len(table.rows)
        for row, value in enumerate(table.columns.get(column, [])):
            try:
                moment = parse_moment(value)
            except ValueError as error:
                self._problems.append(f"{table.cell(row, column)}: {text(value)!r} {error}")
                continue
            if moment is None:
                empty[row] = True
            else:
                years[row] = moment.years
                if moment.form not in self._first:
                    self._remember(moment, table.cell(row, column), value)
        return years, empty

    def argument(self, value: object, name: str) -> float | None:
        """Read one time given as an argument; None where it is not given or cannot be read."""
        try:
            moment = parse_moment(value)
        except ValueError as error:
            self._problems.append(f"argument {name}: {str(value)!r} {error}")
            return None
        if moment is None:
            return None
        self._remember(moment, f"argument {name}", value)
        return moment.years

    @property
    def dated(self) -> bool:
        """Whether the times are dates."""
        return bool(self._first) and TimeForm.NUMBER not in self._first

    @property
    def comparable(self) -> bool:
        """Whether all times are numbers or all are dates."""
        return self.dated or len(self._first) <= 1

    def check_forms(self) -> None:
        """Report times written in ways that do not go together."""
        if not self.comparable:
            dated = next(where for form, where in self._first.items() if form != TimeForm.NUMBER)
            self._problems.append(
                "times must be all dates or all numbers: "
                f"{self._first[TimeForm.NUMBER]} is a number, {dated} is a date."
            )
        if TimeForm.NAIVE in self._first and TimeForm.ZONED in self._first:
            self._problems.append(
                "times must be all with or all without a time zone: "
                f"{self._first[TimeForm.ZONED]} has one, {self._first[TimeForm.NAIVE]} has none. "
                "Add Z to times in UTC."
            )

    def _remember(self, moment: Moment, where: str, value: object) -> None:
        self._first.setdefault(moment.form, f"{text(value)!r} ({where})")
