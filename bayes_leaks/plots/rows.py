"""Where the timeline puts each asset's bar, and where the labels of leaks fit beside the bars."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from bayes_leaks.record import LeakHistory

__all__ = ["BATCHES", "Labels", "Rows", "points"]

BATCHES: Final = ("batch without a leak", "batch with a leak")

_MOST_NAMES: Final = 40
"""With more assets than this, their names would overlap."""

_PANEL_INCHES: Final = 5.5
_LEAST_PANEL_INCHES: Final = 1.2
_NAMED_ROW_INCHES: Final = 0.2
_LABEL_INCHES: Final = 0.2
_LABEL_SHARE: Final = 0.35
"""Part of the panel's width that a label needs at most."""

_MARGIN: Final = 0.015


def points(values: NDArray[np.float64]) -> xr.DataArray:
    """Name the two columns of an array x and y, as ArviZ's visuals expect."""
    return xr.DataArray(values, dims=("point", "plot_axis"), coords={"plot_axis": ["x", "y"]})


@dataclass(frozen=True)
class Labels:
    """Places of the labels of leaks: shape (n, 2), and the side of the place the text ends at."""

    places: NDArray[np.float64]
    align: Literal["left", "right"]


@dataclass(frozen=True)
class Rows:
    """One row for each asset that is shown: blocks of kinds, each sorted by start, downwards.

    Attributes
    ----------
    history : LeakHistory
    first, last : float
        The time shown, in years.
    assets : ndarray of int
        The assets shown, from the top down.
    height : ndarray of shape (n_assets,)
        Height of each asset's row, one unit a row; NaN where it is not shown.
    kinds : tuple of str
        From the top down.
    """

    history: LeakHistory
    first: float
    last: float
    assets: NDArray[np.int64]
    height: NDArray[np.float64]
    kinds: tuple[str, ...]

    @classmethod
    def of(cls, history: LeakHistory, first: float) -> Self:
        """Lay out the assets exposed after `first`; there is at least one."""
        shown = np.flatnonzero(history.end > first)
        begin: dict[str, float] = {}
        for asset in shown:
            kind = history.kind[asset]
            begin[kind] = min(begin.get(kind, np.inf), float(history.start[asset]))
        kinds = tuple(sorted(begin, key=lambda kind: (begin[kind], kind)))
        assets = np.array(
            sorted(shown, key=lambda i: (kinds.index(history.kind[i]), history.start[i])),
            dtype=np.int64,
        )
        block = np.array([kinds.index(history.kind[asset]) for asset in assets])
        gap = 0.5 + 0.03 * assets.size
        height = np.full(history.n_assets, np.nan)
        height[assets] = -np.arange(assets.size) - gap * block
        return cls(history, first, history.window[1], assets, height, kinds)

    @property
    def named(self) -> bool:
        """Whether there is room for the names of the assets."""
        return self.assets.size <= _MOST_NAMES

    @property
    def span(self) -> tuple[float, float]:
        """Lower and upper end of the axis of rows."""
        pad = 0.8 + 0.015 * self.assets.size
        return float(np.nanmin(self.height)) - pad, float(np.nanmax(self.height)) + pad

    @property
    def time_span(self) -> tuple[float, float]:
        """Ends of the axis of time, in years."""
        pad = _MARGIN * (self.last - self.first)
        return self.first - pad, self.last + pad

    @property
    def inches(self) -> float:
        """Height of the panel."""
        if self.named:
            units = self.span[1] - self.span[0]
            return max(_NAMED_ROW_INCHES * units, _LEAST_PANEL_INCHES)
        return _PANEL_INCHES

    @property
    def row_inches(self) -> float:
        """Height of a row."""
        return self.inches / (self.span[1] - self.span[0])

    @property
    def events(self) -> NDArray[np.int64]:
        """The leaks shown, by index."""
        return np.flatnonzero(self.history.event_time > self.first)

    def ticks(self) -> tuple[list[float], list[str]]:
        """Give every row its asset's name or, where they are too many, every block its kind's."""
        if self.named:
            heights = [float(self.height[asset]) for asset in self.assets]
            return heights, [self.history.asset_id[asset] for asset in self.assets]
        blocks = [
            [float(self.height[i]) for i in self.assets if self.history.kind[i] == kind]
            for kind in self.kinds
        ]
        centers = [(heights[0] + heights[-1]) / 2 for heights in blocks]
        names = zip(self.kinds, blocks, strict=True)
        return centers, [f"{kind}\n({len(heights)})" for kind, heights in names]

    def bars(self) -> xr.DataArray:
        """Join the bars of one kind and shade to a line with gaps: quick for large fleets.

        Returns
        -------
        DataArray
            Dimensions kind, batch, point (start, end, NaN for each asset), plot_axis.
        """
        history = self.history
        leaking = {history.batch[asset] for asset in history.event_asset}
        groups = [
            [
                [
                    asset
                    for asset in self.assets
                    if history.kind[asset] == kind and (history.batch[asset] in leaking) == shared
                ]
                for shared in (False, True)
            ]
            for kind in self.kinds
        ]
        longest = max(len(assets) for pair in groups for assets in pair)
        bars = np.full((len(groups), 2, longest, 3, 2), np.nan)
        for block, pair in enumerate(groups):
            for shade, assets in enumerate(pair):
                bar = bars[block, shade, : len(assets)]
                bar[:, 0, 0] = history.start[assets]
                bar[:, 1, 0] = history.end[assets]
                bar[:, :2, 1] = self.height[assets, None]
        return xr.DataArray(
            bars.reshape(len(groups), 2, -1, 2),
            dims=("kind", "batch", "point", "plot_axis"),
            coords={"kind": list(self.kinds), "batch": list(BATCHES), "plot_axis": ["x", "y"]},
        )

    def leaks(self) -> NDArray[np.float64]:
        """Give the time and row of each leak shown, shape (n, 2)."""
        assets = self.history.event_asset[self.events]
        return np.column_stack([self.history.event_time[self.events], self.height[assets]])

    def labels(self) -> Labels:
        """Put labels beside the bars, on the side with more room, none over another or a bar."""
        leaks = self.leaks()
        spacing = _LABEL_INCHES / self.row_inches
        heights = _apart(leaks[:, 1], spacing, lowest=self.span[0] + spacing / 2)
        left, right = np.empty_like(heights), np.empty_like(heights)
        for label, (height, own) in enumerate(zip(heights, leaks[:, 1], strict=True)):
            # Half a text's height and half a row, so that the text clears its neighbours' bars.
            near = np.abs(self.height - height) <= spacing / 2 + 0.5
            near |= self.height == own
            left[label] = max(self.history.start[near].min(), self.first)
            right[label] = self.history.end[near].max()
        length = self.last - self.first
        room = left.min() - self.first
        pad = _MARGIN * length
        # Outside on the right there is only paper, on the left there are the names of the rows.
        if room > max(self.last - right.max(), _LABEL_SHARE * length):
            return Labels(np.column_stack([left - pad, heights]), "right")
        # A text that would cross the frame stands outside it.
        places = right + pad
        places[places + _LABEL_SHARE * length > self.last] = self.last + 2 * pad
        return Labels(np.column_stack([places, heights]), "left")


def _apart(heights: NDArray[np.float64], spacing: float, lowest: float) -> NDArray[np.float64]:
    """Push heights apart so that neighbours are at least `spacing` from each other."""
    order = np.argsort(-heights, kind="stable")
    moved = _descending(heights[order], spacing)
    if moved[-1] < lowest:
        # From the bottom up again, so that only those that must move do.
        moved = -_descending(-np.maximum(moved, lowest)[::-1], spacing)[::-1]
    result = np.empty_like(heights)
    result[order] = moved
    return result


def _descending(heights: Iterable[float], spacing: float) -> NDArray[np.float64]:
    kept: list[float] = []
    for height in heights:
        kept.append(min(height, kept[-1] - spacing) if kept else height)
    return np.array(kept)
