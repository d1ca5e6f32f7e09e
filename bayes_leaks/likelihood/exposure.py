"""The arrays every likelihood starts from: who was exposed when, and who leaked."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Exposure:
    """A fleet and its leaks as plain arrays; times in years.

    Parameters
    ----------
    start : ndarray, shape (n_assets,)
        Begin of exposure.
    end : ndarray, shape (n_assets,)
        Planned end of exposure, cut at the end of the observation window.
    weight : ndarray, shape (n_assets,)
        Relative vulnerable area, positive.
    batch : ndarray of int, shape (n_assets,)
        Code of the batch of each asset, ``0 .. n_batches - 1``.
    event_asset : ndarray of int, shape (n_events,)
        Index of the asset that leaked; no asset twice.
    event_time : ndarray, shape (n_events,)
        Time of each leak, with ``start < time <= end`` of its asset.
    """

    start: FloatArray
    end: FloatArray
    weight: FloatArray
    batch: IntArray
    event_asset: IntArray
    event_time: FloatArray

    @property
    def n_assets(self) -> int:
        """Number of assets."""
        return len(self.start)

    @property
    def n_events(self) -> int:
        """Number of leaks."""
        return len(self.event_time)

    @property
    def censor(self) -> FloatArray:
        """End of the exposure that counts: the leak for a leaker; shape (n_assets,)."""
        censor = self.end.copy()
        censor[self.event_asset] = self.event_time
        return censor

    @property
    def leak_time(self) -> FloatArray:
        """Time of the leak of each asset, +inf for none; shape (n_assets,)."""
        leak_time = np.full(self.n_assets, np.inf)
        leak_time[self.event_asset] = self.event_time
        return leak_time

    @property
    def planned(self) -> FloatArray:
        """Planned length of each exposure in years; shape (n_assets,)."""
        return self.end - self.start

    @property
    def total(self) -> float:
        """Weighted planned exposure E in asset-years."""
        return float(np.sum(self.weight * self.planned))
