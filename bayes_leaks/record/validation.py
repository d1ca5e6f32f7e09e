"""Everything a record must satisfy, checked in one pass; all problems are reported together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayes_leaks.errors import RecordError
from bayes_leaks.record.columns import (
    FloatArray,
    TimeReader,
    check_columns,
    is_missing,
    number_column,
    text,
    text_column,
)
from bayes_leaks.record.marks import MARK_COLUMNS, read_marks
from bayes_leaks.record.tables import Table

__all__ = ["ValidRecord", "validate"]

DEFAULT_KIND = "asset"

_ASSET_REQUIRED = ("asset_id", "start", "end")
_ASSET_OPTIONAL = ("kind", "batch", "weight")
_EVENT_REQUIRED = ("asset_id", "time")


@dataclass(frozen=True, slots=True)
class ValidRecord:
    """A record that passed every check, cut to its window.

    Attributes
    ----------
    asset_id, kind : list of str
    batch : list of str or None
        None where the table has no batch column.
    start, end, weight : ndarray of shape (n_assets,)
        Years; the end is cut at the end of the window.
    event_asset : ndarray of int, shape (n_events,)
    event_time : ndarray of shape (n_events,)
    marks : DataFrame with n_events rows
    window_end : float
    dated : bool
        Whether times are years since 2000-01-01T00:00Z.
    n_left_out : int
        Assets whose exposure begins before the argument ``start``.
    """

    asset_id: list[str]
    kind: list[str]
    batch: list[str] | None
    start: FloatArray
    end: FloatArray
    weight: FloatArray
    event_asset: np.ndarray[tuple[int], np.dtype[np.int64]]
    event_time: FloatArray
    marks: pd.DataFrame
    window_end: float
    dated: bool
    n_left_out: int


@dataclass(frozen=True, slots=True)
class _Assets:
    table: Table
    asset_id: list[str]
    start: FloatArray
    end: FloatArray
    open: list[bool]
    kind: list[str]
    batch: list[str] | None
    weight: FloatArray


@dataclass(frozen=True, slots=True)
class _Events:
    table: Table
    asset_id: list[str]
    time: FloatArray
    marks: pd.DataFrame


def validate(assets: Table, events: Table, start: object, end: object) -> ValidRecord:
    """Check both tables and cut them to the window.

    Parameters
    ----------
    assets, events : Table
    start, end : time or None
        The cohort begins at `start`; observation ends at `end`.

    Raises
    ------
    RecordError
        With every problem of both tables.
    """
    problems = [*assets.problems, *events.problems]
    times = TimeReader(problems)
    cohort_start, window_end = times.argument(start, "start"), times.argument(end, "end")
    fleet = _read_assets(assets, times, problems)
    leaks = _read_events(events, times, problems)
    times.check_forms()
    if times.comparable:
        _check_exposure(fleet, end, problems)
        if window_end is None and fleet.end.size and not np.isnan(fleet.end).all():
            window_end = float(np.nanmax(fleet.end))
        if cohort_start is not None and window_end is not None and cohort_start >= window_end:
            problems.append(
                f"argument start: {text(start)!r} is not before the end of the observation."
            )
        if assets.readable:
            _check_events(fleet, leaks, window_end, problems)
    if problems:
        raise RecordError(problems)
    assert window_end is not None
    return _cut(fleet, leaks, cohort_start, window_end, times.dated)


def _read_assets(table: Table, times: TimeReader, problems: list[str]) -> _Assets:
    if table.readable:
        problems += check_columns(table, _ASSET_REQUIRED, _ASSET_OPTIONAL)
    asset_id = text_column(table, "asset_id")
    if "asset_id" in table.columns:
        problems += _empty(table, "asset_id", asset_id, "Give every asset a name.")
        problems += _repeated(table, "asset_id", asset_id)
    if table.readable and not table.rows and "asset_id" in table.columns:
        problems.append(f"{table.name}: has no rows. A record needs at least one asset.")
    start, no_start = times.column(table, "start")
    problems += [
        f"{table.cell(row, 'start')}: is empty. Every asset needs the time its exposure begins."
        for row in np.flatnonzero(no_start).tolist()
    ]
    end, no_end = times.column(table, "end")
    batch = text_column(table, "batch") if "batch" in table.columns else None
    if batch is not None:
        hint = "Name a batch for every asset, or leave the column out."
        problems += _empty(table, "batch", batch, hint)
    return _Assets(
        table=table,
        asset_id=asset_id,
        start=start,
        end=end,
        open=no_end,
        kind=text_column(table, "kind", DEFAULT_KIND),
        batch=batch,
        weight=_read_weight(table, problems),
    )


def _read_weight(table: Table, problems: list[str]) -> FloatArray:
    if "weight" not in table.columns:
        return np.ones(len(table.rows))
    unreadable: list[str] = []
    weight = number_column(table, "weight", unreadable)
    bad = np.flatnonzero(~(np.isfinite(weight) & (weight > 0))).tolist()
    problems += [
        f"{table.cell(row, 'weight')}: {text(table.columns['weight'][row])!r} is not a weight. "
        "Write a finite number above 0; 1 is the ordinary asset."
        for row in bad
    ]
    return weight


def _read_events(table: Table, times: TimeReader, problems: list[str]) -> _Events:
    if table.readable:
        problems += check_columns(table, _EVENT_REQUIRED, MARK_COLUMNS)
    asset_id = text_column(table, "asset_id")
    if "asset_id" in table.columns:
        problems += _empty(table, "asset_id", asset_id, "Name the asset that leaked.")
        problems += _leaked_twice(table, asset_id)
    time, no_time = times.column(table, "time")
    problems += [
        f"{table.cell(row, 'time')}: is empty. Every event needs the time of the leak."
        for row in np.flatnonzero(no_time).tolist()
    ]
    marks = read_marks(table, _EVENT_REQUIRED, problems)
    return _Events(table, asset_id, time, marks)


def _empty(table: Table, column: str, values: Sequence[str], hint: str) -> list[str]:
    return [
        f"{table.cell(row, column)}: is empty. {hint}"
        for row, value in enumerate(values)
        if not value
    ]


def _repeated(table: Table, column: str, values: Sequence[str]) -> list[str]:
    return [
        f"{table.cell(row, column)}: {values[row]!r} is already in {table.rows[first]}. "
        "Give every asset one row."
        for row, first in _repeats(values)
    ]


def _leaked_twice(table: Table, asset_id: Sequence[str]) -> list[str]:
    return [
        f"{table.cell(row, 'asset_id')}: {asset_id[row]!r} already leaked in "
        f"{table.rows[first]}. An asset leaks at most once; enter a repaired asset as a new one."
        for row, first in _repeats(asset_id)
    ]


def _repeats(values: Sequence[str]) -> list[tuple[int, int]]:
    first: dict[str, int] = {}
    found = []
    for row, value in enumerate(values):
        if value and first.setdefault(value, row) != row:
            found.append((row, first[value]))
    return found


def _check_exposure(fleet: _Assets, end: object, problems: list[str]) -> None:
    table = fleet.table
    for row in np.flatnonzero(fleet.end <= fleet.start).tolist():
        start, stop = (text(table.columns[column][row]) for column in ("start", "end"))
        problems.append(f"{table.cell(row, 'end')}: {stop!r} is not after start {start!r}.")
    if is_missing(end) and any(fleet.open):
        count, first = sum(fleet.open), table.rows[fleet.open.index(True)]
        problems.append(
            f"{table.name}, column end: {count} empty, the first in {first}. "
            "Pass end=, the time at which the observation ends."
        )


def _check_events(
    fleet: _Assets, leaks: _Events, window_end: float | None, problems: list[str]
) -> None:
    table = leaks.table
    index: dict[str, int] = {}
    for row, asset in enumerate(fleet.asset_id):
        index.setdefault(asset, row)
    for row, (asset, time) in enumerate(zip(leaks.asset_id, leaks.time, strict=True)):
        if not asset or "asset_id" not in fleet.table.columns:
            continue
        if asset not in index:
            problems.append(
                f"{table.cell(row, 'asset_id')}: {asset!r} is not in {fleet.table.name}."
            )
            continue
        owner = index[asset]
        written = text(table.columns["time"][row]) if "time" in table.columns else ""
        if time <= fleet.start[owner] or time > fleet.end[owner]:
            start, stop = (text(fleet.table.columns[column][owner]) for column in ("start", "end"))
            problems.append(
                f"{table.cell(row, 'time')}: {written!r} is outside the exposure of {asset!r}, "
                f"{start} to {stop or 'now'}. A leak comes after the start and not after the end."
            )
        elif window_end is not None and time > window_end:
            problems.append(
                f"{table.cell(row, 'time')}: {written!r} is an event after the window. "
                "Move end= to or after it, or leave the event out."
            )


def _cut(
    fleet: _Assets, leaks: _Events, cohort_start: float | None, window_end: float, dated: bool
) -> ValidRecord:
    early = np.zeros(fleet.start.size, dtype=bool)
    if cohort_start is not None:
        early = fleet.start < cohort_start
    keep = ~early & (fleet.start < window_end)
    if not keep.any():
        raise RecordError(
            [
                f"{fleet.table.name}: no asset is left, because every exposure begins before "
                "start= or not before end=."
            ]
        )
    kept = np.flatnonzero(keep)
    position = {fleet.asset_id[row]: place for place, row in enumerate(kept)}
    rows = [row for row, asset in enumerate(leaks.asset_id) if asset in position]
    rows.sort(key=lambda row: (leaks.time[row], leaks.asset_id[row]))
    end = np.where(np.isnan(fleet.end), window_end, np.minimum(fleet.end, window_end))
    return ValidRecord(
        asset_id=[fleet.asset_id[row] for row in kept],
        kind=[fleet.kind[row] for row in kept],
        batch=None if fleet.batch is None else [fleet.batch[row] for row in kept],
        start=fleet.start[kept],
        end=end[kept],
        weight=fleet.weight[kept],
        event_asset=np.array([position[leaks.asset_id[row]] for row in rows], dtype=np.int64),
        event_time=leaks.time[rows],
        marks=leaks.marks.iloc[rows].reset_index(drop=True),
        window_end=window_end,
        dated=dated,
        n_left_out=int(np.count_nonzero(early)),
    )
