"""A history as arrays, arranged for a likelihood."""

from dataclasses import dataclass, field

import numpy as np

from bayes_leaks.likelihood.exposure import Exposure
from bayes_leaks.record import LeakHistory

FLEET_DIMS = dict.fromkeys(
    ("asset_start", "asset_end", "asset_weight", "asset_batch", "asset_leak_time"), ("asset",)
)


@dataclass(frozen=True, slots=True)
class Layout:
    """A record arranged for one likelihood.

    Parameters
    ----------
    arrays : dict of str to ndarray
        The data of the model, by the names of its `pm.Data`.
    dims : dict of str to tuple of str
        Dimension names of each array.
    sizes : dict of str to int
        Numbers that are fixed in the graph, among them lengths of dimensions: a record with the
        same sizes can be swapped in without compiling again.
    """

    arrays: dict[str, np.ndarray]
    dims: dict[str, tuple[str, ...]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    def static_shape(self, name: str) -> tuple[int | None, ...]:
        """Lengths of the dimensions of an array that are fixed in the graph, else None."""
        fixed = {"one": 1, **self.sizes}
        return tuple(fixed.get(dim) for dim in self.dims[name])


def exposure_of(history: LeakHistory) -> Exposure:
    """Return the arrays of a history."""
    return Exposure(
        history.start,
        history.end,
        history.weight,
        history.batch_index,
        history.event_asset,
        history.event_time,
    )


def without_events(
    start: np.ndarray, end: np.ndarray, weight: np.ndarray, batch: np.ndarray
) -> Exposure:
    """Return a fleet in which nothing leaked."""
    nobody = np.empty(0, dtype=np.int64)
    return Exposure(start, end, weight, batch, nobody, np.empty(0))
