"""The leak history: what was exposed, for how long, and what leaked when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Never, Self

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike

from bayes_leaks.record import changes, storage, summary
from bayes_leaks.record.tables import Table, read_csv, read_frame, write_files
from bayes_leaks.record.times import EPOCH, TimeLike, iso_time, years_on_axis
from bayes_leaks.record.validation import validate

__all__ = ["LeakHistory"]

type FloatArray = np.ndarray[tuple[int], np.dtype[np.float64]]
type IndexArray = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class LeakHistory:
    """A validated fleet record: assets with their exposure, and the leaks.

    Built by `from_frames`, `from_csv`, `from_dataset` or ``load_iss``, never directly. Asset i is
    exposed on [start_i, end_i), its planned exposure cut at the end of the window. Times are years
    of 365.25 days; for a record with dates they count from 2000-01-01T00:00Z. Arrays are
    read-only.

    Attributes
    ----------
    asset_id : tuple of str, length n_assets
    start, end : ndarray of shape (n_assets,)
        Begin and planned end of the exposure, in years; the end is at most the window's end.
    weight : ndarray of shape (n_assets,)
        Relative vulnerable area, above 0.
    kind, batch : tuple of str, length n_assets
    event_asset : ndarray of int, shape (n_events,)
        Index of the asset that leaked.
    event_time : ndarray of shape (n_events,)
        Time of the leak in years, ascending.
    window : tuple of float
        Earliest start of an exposure, and the end of the observation.
    epoch : datetime or None
        Time zero of a record with dates; None where times are plain numbers.
    name, source : str
        Free text.
    batch_rule : str
        "column" (given with the assets), "none" (every asset is its own batch), or the name of
        the rule that made the batches.
    n_left_out : int
        Assets left out because their exposure begins before the cohort's start.

    Examples
    --------
    >>> import pandas as pd
    >>> from bayes_leaks.record import LeakHistory
    >>> starts, ends = ["2020-01-01", "2020-07-01"], ["2021-01-01", None]
    >>> assets = pd.DataFrame({"asset_id": ["a", "b"], "start": starts, "end": ends})
    >>> events = pd.DataFrame({"asset_id": ["b"], "time": ["2020-09-01"]})
    >>> history = LeakHistory.from_frames(assets, events, end="2021-07-01", name="two assets")
    >>> history
    <LeakHistory 'two assets': 2 assets, 1 event, 2.001 asset-years to 2021-07-01T00:00:00Z>
    """

    asset_id: tuple[str, ...]
    start: FloatArray
    end: FloatArray
    weight: FloatArray
    kind: tuple[str, ...]
    batch: tuple[str, ...]
    event_asset: IndexArray
    event_time: FloatArray
    _marks: pd.DataFrame
    window: tuple[float, float]
    epoch: datetime | None
    name: str
    source: str
    batch_rule: str
    n_left_out: int

    def __init__(self, *_: Never, **__: Never) -> None:
        raise TypeError(
            "LeakHistory is not made directly. Use LeakHistory.from_frames, LeakHistory.from_csv, "
            "LeakHistory.from_dataset or load_iss."
        )

    @classmethod
    def _of(cls, **fields: Any) -> Self:
        history = cls.__new__(cls)
        for field in cls.__dataclass_fields__:
            value = fields[field]
            if isinstance(value, np.ndarray):
                value = value.copy()
                value.setflags(write=False)
            object.__setattr__(history, field, value)
        return history

    def _with(self, **changes: Any) -> Self:
        return self._of(**{f: getattr(self, f) for f in self.__dataclass_fields__} | changes)

    @classmethod
    def from_frames(
        cls,
        assets: pd.DataFrame,
        events: pd.DataFrame | None,
        start: TimeLike | None = None,
        end: TimeLike | None = None,
        *,
        name: str = "record",
        source: str = "",
    ) -> Self:
        """Build a history from two DataFrames.

        Times are all ISO 8601 (text, dates or timestamps; a date is its midnight, UTC) or all
        plain numbers of years.

        Parameters
        ----------
        assets : DataFrame
            Columns `asset_id`, `start`, `end` (empty: still exposed), and optionally `kind`,
            `batch`, `weight` (> 0, default 1). Other columns are not read.
        events : DataFrame or None
            Columns `asset_id`, `time`, and optionally `hole_mm_low`, `hole_mm_best`,
            `hole_mm_high` (mm), `reported_cause`, `source_group` and columns of your own, kept in
            `marks`. None, or no rows: nothing leaked. An asset leaks at most once.
        start : time, optional
            The cohort begins here: assets whose exposure begins earlier are left out together
            with their events. Exposure is never cut on the left, since age matters.
        end : time, optional
            End of the observation. Required where an asset is still exposed; otherwise the
            latest end of an exposure.
        name, source : str
            Free text.

        Raises
        ------
        RecordError
            With every problem found in both tables.
        """
        tables = read_frame(assets, "assets"), read_frame(events, "events")
        return cls._from_tables(*tables, start, end, name, source)

    @classmethod
    def from_csv(
        cls,
        assets: str | Path,
        events: str | Path | None,
        start: TimeLike | None = None,
        end: TimeLike | None = None,
        *,
        name: str | None = None,
        source: str | None = None,
    ) -> Self:
        """Build a history from two CSV files in UTF-8; see `from_frames` for the columns.

        Problems name the file, the line (the header is line 1) and the column.

        Parameters
        ----------
        assets, events : path
            `events` may be None: nothing leaked.
        start, end : time, optional
        name : str, optional
            Default: the assets file's name without its suffix.
        source : str, optional
            Default: the names of the files.

        Raises
        ------
        RecordError
            With every problem found in both files.
        """
        tables = read_csv(assets, "assets"), read_csv(events, "events")
        names = " and ".join(Path(path).name for path in (assets, events) if path is not None)
        name = Path(assets).stem if name is None else name
        return cls._from_tables(*tables, start, end, name, names if source is None else source)

    @classmethod
    def _from_tables(
        cls, assets: Table, events: Table, start: object, end: object, name: str, source: str
    ) -> Self:
        valid = validate(assets, events, start, end)
        return cls._of(
            asset_id=tuple(valid.asset_id),
            start=valid.start,
            end=valid.end,
            weight=valid.weight,
            kind=tuple(valid.kind),
            batch=tuple(valid.asset_id if valid.batch is None else valid.batch),
            event_asset=valid.event_asset,
            event_time=valid.event_time,
            _marks=valid.marks,
            window=(float(valid.start.min()), valid.window_end),
            epoch=EPOCH if valid.dated else None,
            name=name,
            source=source,
            batch_rule="none" if valid.batch is None else "column",
            n_left_out=valid.n_left_out,
        )

    @classmethod
    def from_dataset(cls, dataset: xr.Dataset) -> Self:
        """Build a history from what `to_dataset` gave, checked against the digest stored with it.

        Raises
        ------
        StoredResultError
            The dataset does not hold a leak history, or was changed after it was stored.
        """
        history = cls._of(**storage.read_dataset(dataset))
        storage.check_digest(dataset, history.digest)
        return history

    @property
    def n_assets(self) -> int:
        """Number of assets."""
        return len(self.asset_id)

    @property
    def n_events(self) -> int:
        """Number of leaks."""
        return int(self.event_time.size)

    @property
    def exposure(self) -> float:
        """Planned exposure E = Σ weight (end − start), in asset-years."""
        return float(self.weight @ (self.end - self.start))

    @property
    def leak_time(self) -> FloatArray:
        """Time of each asset's leak in years, shape (n_assets,); +inf where it did not leak."""
        times = np.full(self.n_assets, np.inf)
        times[self.event_asset] = self.event_time
        return times

    @property
    def censor(self) -> FloatArray:
        """End of each asset's real exposure in years, shape (n_assets,): its leak, or its end."""
        return np.minimum(self.end, self.leak_time)

    @property
    def batch_names(self) -> tuple[str, ...]:
        """Names of the batches, sorted."""
        return tuple(sorted(set(self.batch)))

    @property
    def batch_index(self) -> IndexArray:
        """Index of each asset's batch in `batch_names`, shape (n_assets,)."""
        code = {batch: index for index, batch in enumerate(self.batch_names)}
        return np.array([code[batch] for batch in self.batch], dtype=np.int64)

    @property
    def marks(self) -> pd.DataFrame:
        """What else is known of each event, one row an event, as a copy."""
        return self._marks.copy()

    @property
    def digest(self) -> str:
        """SHA-256 of the content, in hex: the same whatever the order of the rows.

        Covers times, weights, kinds, batches, window, events and marks; not the name, the source
        or the names of rules.
        """
        return storage.content_digest(self)

    def to_years(self, time: TimeLike) -> float:
        """Turn a time into years on this record's axis.

        Parameters
        ----------
        time : str, date, datetime or float
            A date (without a time zone: UTC) for a record with dates, otherwise a number.

        Raises
        ------
        ParameterError
            It is not a time, or not of the record's kind.
        """
        return years_on_axis(time, dated=self.epoch is not None)

    def to_time(self, years: float) -> str | float:
        """Write years as ISO 8601 in UTC; for a record without dates, the number itself."""
        return float(years) if self.epoch is None else iso_time(float(years))

    def until(self, end: TimeLike) -> Self:
        """Give the history as it stood at an earlier time.

        Later events are dropped, exposure is cut, and assets not yet exposed are left away.

        Parameters
        ----------
        end : time
            After the first exposure began, at most the window's end.

        Raises
        ------
        ParameterError
            The record does not reach there.
        """
        return self._with(**changes.shorter_window(self, end))

    def with_leak_times(self, leak_time: ArrayLike) -> Self:
        """Give the same fleet with other leaks, without marks; for simulated histories.

        Parameters
        ----------
        leak_time : array_like of shape (n_assets,)
            Years; +inf for no leak. Finite values lie in (start, end].

        Raises
        ------
        RecordError
            A time is NaN or outside its asset's exposure, or the shape is wrong.
        """
        return self._with(**changes.other_leaks(self, leak_time))

    def with_batches(self, labels: Sequence[str], rule: str = "column") -> Self:
        """Give the same history with other batches.

        Parameters
        ----------
        labels : sequence of str, length n_assets
            In the order of `asset_id`; no label is empty.
        rule : str
            What made them, for `batch_rule`.

        Raises
        ------
        RecordError
            Too few or too many labels, or an empty one.
        """
        return self._with(**changes.other_batches(self, labels, rule))

    def to_dataset(self) -> xr.Dataset:
        """Give the record as an xarray Dataset with dimensions `asset` and `event`.

        Events carry the id of their asset as coordinate, marks have names that begin with
        ``mark_``. Every variable has its unit in its attributes; times are years since the
        attribute ``time_zero``, where there is one. `from_dataset` is the inverse.
        """
        return storage.write_dataset(self)

    def to_frames(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Give the tables (assets, events) that `from_frames` reads."""
        return storage.write_frames(self)

    def to_csv(self, assets: str | Path, events: str | Path) -> None:
        """Write the tables that `from_csv` reads; each file appears whole or not at all."""
        frames = zip((assets, events), self.to_frames(), strict=True)
        write_files({Path(path): frame.to_csv(index=False) for path, frame in frames})

    def summary(self) -> str:
        """Describe the record in plain text."""
        return summary.as_text(self)

    def __repr__(self) -> str:
        events = f"{self.n_events} event{'s' if self.n_events != 1 else ''}"
        return (
            f"<LeakHistory {self.name!r}: {self.n_assets} assets, {events}, "
            f"{self.exposure:.4g} asset-years to {self.to_time(self.window[1])}>"
        )

    def _repr_html_(self) -> str:
        return summary.as_html(self)
