"""Exchangeable labels: the posterior folded into one of its K! equal copies."""

import math
from collections.abc import Callable

import numpy as np

from bayes_leaks.evidence.inputs import Floats, LogDensity

_ROUNDS = 20


class LabelSymmetry:
    """One region of the space that holds exactly one relabelling of every point.

    A posterior that does not change when labels are permuted consists of K! copies. In the region
    of points that lie nearer to a pivot than all their relabellings there is one of them, with
    the K!-th part of the mass, whatever the pivot is.

    Parameters
    ----------
    permute : callable
        From points (n, d) to all their relabellings (K!, n, d), the points themselves first. Each
        relabelling must leave the posterior as a measure unchanged.
    draws : ndarray, shape (n, d)
        Posterior draws, of which the pivot is the mean once they are relabelled to lie near it.

    Attributes
    ----------
    separation : float
        How much farther from the pivot the second nearest relabelling of a draw is than the
        nearest: median of the difference of squared distances, in standard deviations. Below ten
        or so the copies overlap, and folding cuts through one mode instead of parting several.

    References
    ----------
    .. [1] Stephens, M. (2000). Dealing with label switching in mixture models. JRSS B 62, 795-809.
       https://doi.org/10.1111/1467-9868.00265
    """

    def __init__(self, permute: Callable[[Floats], Floats], draws: Floats) -> None:
        self._permute = permute
        images = permute(draws)
        self._log_copies = math.log(len(images))
        self._pivot, self._scale = draws[0], draws.std(axis=0)
        folded = self._nearest(images)
        for _ in range(_ROUNDS):
            self._pivot, self._scale = folded.mean(axis=0), folded.std(axis=0)
            again = self._nearest(images)
            if np.array_equal(again, folded):
                break
            folded = again
        # No further step: pivot and scale now are what defines the region.
        nearest = np.sort(self._distances(images), axis=0)
        self.separation = float(np.median(nearest[1] - nearest[0]))

    def _distances(self, images: Floats) -> Floats:
        return np.asarray((((images - self._pivot) / self._scale) ** 2).sum(axis=2))

    def _nearest(self, images: Floats) -> Floats:
        chosen = self._distances(images).argmin(axis=0)
        return np.asarray(images[chosen, np.arange(images.shape[1])])

    def fold(self, points: Floats) -> Floats:
        """Replace every point (..., d) by its relabelling inside the region."""
        flat = points.reshape(-1, points.shape[-1])
        return self._nearest(self._permute(flat)).reshape(points.shape)

    def restrict(self, log_density: LogDensity) -> LogDensity:
        """Keep a log density inside the region only, times the number of copies.

        Parameters
        ----------
        log_density : callable
            Points (n, d) to (n,), nats.

        Returns
        -------
        callable
            Has the same integral.
        """

        def restricted(points: Floats) -> Floats:
            inside = self._distances(self._permute(points)).argmin(axis=0) == 0
            values = np.full(len(points), -np.inf)
            if inside.any():
                values[inside] = np.asarray(log_density(points[inside])) + self._log_copies
            return values

        return restricted
