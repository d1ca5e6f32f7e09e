"""Which events could share a cause: groups of events, and the blocks within each group.

Sums over set partitions and over subsets of events factor over groups that cannot interact,
so their cost grows with the largest group and not with the number of events.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from bayes_leaks.errors import UnsupportedRecordError
from bayes_leaks.likelihood.exposure import Exposure, IntArray

# Group sizes for which a model is compiled. A record whose largest group fits in a size can be
# swapped for another of the same size without compiling again.
GROUP_SIZES = (2, 4, 8, 12)


@dataclass(frozen=True, slots=True)
class EventGroups:
    """Events in groups that can share a cause.

    Parameters
    ----------
    events : tuple of ndarray of int
        Events of each group, ascending; bit ``b`` of a mask is event ``events[group][b]``.
    size : int
        The smallest of `GROUP_SIZES` that holds the largest group.
    """

    events: tuple[IntArray, ...]
    size: int


def can_share_shock(exposure: Exposure) -> np.ndarray:
    """Pairs of events whose assets were both exposed at some time before either leaked.

    Exposures up to the leak are intervals, so a set of events can share a shock exactly when
    every pair in it can (Helly's theorem on the line).

    Parameters
    ----------
    exposure : Exposure

    Returns
    -------
    ndarray of bool, shape (n_events, n_events)
    """
    start = exposure.start[exposure.event_asset]
    leak = exposure.event_time
    latest_start = np.maximum(start[:, None], start[None, :])
    earliest_leak = np.minimum(leak[:, None], leak[None, :])
    return np.asarray(latest_start < earliest_leak)


def share_batch(exposure: Exposure) -> np.ndarray:
    """Pairs of events whose assets come from the same batch; shape (n_events, n_events), bool."""
    batch = exposure.batch[exposure.event_asset]
    return np.asarray(batch[:, None] == batch[None, :])


def group_events(exposure: Exposure, related: np.ndarray, hypothesis: str) -> EventGroups:
    """Split the events into connected groups.

    Parameters
    ----------
    exposure : Exposure
    related : ndarray of bool, shape (n_events, n_events)
        Pairs of events that can share a cause.
    hypothesis : str
        Name for the error message.

    Returns
    -------
    EventGroups

    Raises
    ------
    UnsupportedRecordError
        If a group holds more events than the exact sum can take.
    """
    if exposure.n_events == 0:
        return EventGroups((), GROUP_SIZES[0])
    count, label = connected_components(csr_array(related), directed=False)
    groups = tuple(np.flatnonzero(label == g) for g in range(count))
    largest = max(len(group) for group in groups)
    if largest > GROUP_SIZES[-1]:
        raise UnsupportedRecordError(
            f"hypothesis {hypothesis!r}: {largest} events could share one cause, and the exact sum "
            f"over their partitions takes at most {GROUP_SIZES[-1]}. Compare 'common-period' "
            "instead, whose cost does not grow with the number of events, or shorten the window "
            "with until()."
        )
    return EventGroups(groups, next(size for size in GROUP_SIZES if size >= largest))
