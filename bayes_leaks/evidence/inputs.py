"""What estimators take in, checked before anything is spent."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayes_leaks.errors import ParameterError

type Floats = NDArray[np.float64]
type LogDensity = Callable[[Floats], ArrayLike]
type RandomSeed = int | np.random.Generator | np.random.SeedSequence

MIN_DRAWS = 16
_SPOT_CHECKS = 8


class CountedDensity:
    """A vectorised log density that counts its evaluations and checks the shape it returns.

    Parameters
    ----------
    log_density : callable
        Maps points (n, d) to log densities (n,), in nats.

    Attributes
    ----------
    n_evaluations : int
        Points evaluated so far.
    """

    def __init__(self, log_density: LogDensity) -> None:
        self._log_density = log_density
        self.n_evaluations = 0

    def __call__(self, points: Floats) -> Floats:
        """Evaluate.

        Parameters
        ----------
        points : ndarray, shape (n, d)
            Where to evaluate.

        Returns
        -------
        ndarray, shape (n,)
            Nats; infinities and NaN pass through.

        Raises
        ------
        ParameterError
            If the answer has another shape.
        """
        values = np.asarray(self._log_density(points), dtype=np.float64)
        if values.shape != points.shape[:1]:
            raise ParameterError(
                f"log_density must map points of shape (n, d) to shape (n,): for shape "
                f"{points.shape} it returned shape {values.shape}. Vectorise it over the "
                "first axis."
            )
        self.n_evaluations += values.size
        return values


def draws_problems(draws: Floats) -> list[str]:
    """List everything that makes posterior draws unusable.

    Parameters
    ----------
    draws : ndarray, shape (chains, draws, d)
        Unconstrained posterior draws.

    Returns
    -------
    list of str
        One sentence per problem; empty if there is none.
    """
    if draws.ndim != 3 or 0 in draws.shape:
        return [
            f"draws must have shape (chains, draws, d), got {draws.shape}; a single chain is "
            "draws[None], a single parameter draws[..., None]"
        ]
    problems = []
    chains, length, dimension = draws.shape
    if length < MIN_DRAWS:
        problems.append(f"draws has {length} draws per chain; at least {MIN_DRAWS} are needed")
    if chains * (length // 2) <= dimension + 1:
        problems.append(
            f"draws has {chains} x {length} draws for {dimension} dimensions; half of them must "
            f"be more than {dimension + 1} to fit a proposal"
        )
    if not np.isfinite(draws).all():
        chain, draw, coordinate = np.argwhere(~np.isfinite(draws))[0]
        problems.append(
            f"draws must be finite; draws[{chain}, {draw}, {coordinate}] is "
            f"{draws[chain, draw, coordinate]}"
        )
    elif constant := np.flatnonzero(np.ptp(draws, axis=(0, 1)) == 0).tolist():
        problems.append(
            f"draws never move in coordinate {', '.join(map(str, constant))}; leave a fixed "
            "parameter out of the draws"
        )
    return problems


def log_density_at(log_density: CountedDensity, draws: Floats, values: ArrayLike | None) -> Floats:
    """Log density at every draw: evaluated, or taken over and spot-checked.

    Parameters
    ----------
    log_density : CountedDensity
        Maps points (n, d) to log densities (n,).
    draws : ndarray, shape (chains, draws, d)
        Posterior draws.
    values : array_like, shape (chains, draws), or None
        What the sampler already knows.

    Returns
    -------
    ndarray, shape (chains, draws)
        Nats.

    Raises
    ------
    ParameterError
        If `values` has the wrong shape or disagrees with `log_density`: most often one of
        the two lacks a Jacobian or a constant.
    """
    points = draws.reshape(-1, draws.shape[2])
    if values is None:
        return log_density(points).reshape(draws.shape[:2])
    known = np.asarray(values, dtype=np.float64)
    if known.shape != draws.shape[:2]:
        raise ParameterError(
            f"log_density_at_draws must have the shape (chains, draws) of draws, "
            f"{draws.shape[:2]}; got {known.shape}"
        )
    spots = np.linspace(0, points.shape[0] - 1, _SPOT_CHECKS).astype(int)
    found = log_density(points[spots])
    given = known.ravel()[spots]
    wrong = ~np.isclose(found, given, rtol=1e-7, atol=1e-4, equal_nan=True)
    if wrong.any():
        first = int(np.argmax(wrong))
        chain, draw = np.unravel_index(spots[first], known.shape)
        raise ParameterError(
            f"log_density_at_draws[{chain}, {draw}] is {given[first]:.6g}, but log_density gives "
            f"{found[first]:.6g} at that draw. Both must be the same unnormalised log posterior "
            "on the unconstrained space, with the same Jacobian and constants."
        )
    return known
