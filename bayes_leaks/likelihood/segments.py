"""The calendar cut into pieces during which the set of exposed assets does not change."""

from dataclasses import dataclass

import numpy as np

from bayes_leaks.likelihood.exposure import Exposure, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Segments:
    """Consecutive pieces of calendar time, each with a constant set of exposed assets.

    Parameters
    ----------
    left, right : ndarray, shape (n_segments,)
        Ends of each piece in years, ``left < right``, ascending, without gaps.
    members : ndarray of int, shape (n_segments, concurrency)
        Exposed assets of each piece, padded with -1; ``concurrency`` is at least 1.
    """

    left: FloatArray
    right: FloatArray
    members: IntArray


def cut(exposure: Exposure) -> Segments:
    """Cut the calendar at every time at which an asset enters or leaves the exposed set.

    An asset is exposed on ``[start, censor)``: a leaker leaves at its leak.

    Parameters
    ----------
    exposure : Exposure

    Returns
    -------
    Segments
    """
    start, censor = exposure.start, exposure.censor
    times = np.unique(np.concatenate([start, censor]))
    left, right = times[:-1], times[1:]
    first = np.searchsorted(times, start)
    last = np.searchsorted(times, censor)
    # Every asset fills the segments first .. last - 1; its slot in each is its rank there.
    counts = last - first
    asset = np.repeat(np.arange(exposure.n_assets), counts)
    segment = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + first[asset]
    order = np.argsort(segment, kind="stable")
    asset, segment = asset[order], segment[order]
    size = np.bincount(segment, minlength=len(left))
    slot = np.arange(len(segment)) - np.repeat(np.cumsum(size) - size, size)
    members = np.full((len(left), max(1, int(size.max(initial=0)))), -1, dtype=np.int64)
    members[segment, slot] = asset
    return Segments(left, right, members)
