"""The integral of one prior density given the values of its parents."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import logsumexp

from bayes_leaks.errors import EvidenceError
from bayes_leaks.evidence import bridge
from bayes_leaks.evidence.inputs import Floats
from bayes_leaks.evidence.proposals import StudentProposal
from bayes_leaks.user_model.parents import Parents

# Nodes of the one-dimensional integrals: logarithmically spaced distances from a draw.
_FARTHEST = 35.0
_NODES = 1401
_NEAREST = 1e-4
# A log mass farther from zero than this is measured again with more care.
_DOUBTFUL = 1e-3
_REFINED = 4
_REFINED_DRAWS = 250
_COARSER = 4
_ROUNDS = 25
_PRECISION = 1e-6
_PEAK = 1e-4
# More draws where few have an image: of ordered labels, one in K!.
_BLOCK_DRAWS = (2000, 40_000)
_BLOCK_CHAINS = 4
_SHORTEST = 50
_PROPOSALS_PER_DRAW = 2


def elementwise_masses(
    parents: Parents, names: Sequence[str], bases: Floats, random_seed: int
) -> dict[str, float]:
    """Integrate variables whose elements are independent given their parents.

    All elements are displaced at once from a draw, over distances from a ten-thousandth to e^35
    times their spread, so that the bulk is resolved at any scale that the parents give it. A
    density that has its mass elsewhere or is not smooth is integrated again, adaptively, between
    draws of its own.

    Parameters
    ----------
    parents : Parents
    names : sequence of str
        Variables of which none depends on another.
    bases : ndarray, shape (n, n_dim)
        Points of the unconstrained space around which and given which they are integrated.
    random_seed : int

    Returns
    -------
    dict of str to float
        Log mass of the element and the base where it is farthest from zero.
    """
    if not names:
        return {}
    coordinates = parents.compiled.coordinates
    t = np.linspace(-_FARTHEST, _FARTHEST, _NODES)
    log_step = np.log(t[1] - t[0]) + np.logaddexp(t, -t) - np.log(2.0)
    nodes = np.sinh(t[::_COARSER])
    points = np.repeat(bases, _NODES, axis=0).reshape(len(bases), _NODES, -1)
    spread = {n: _NEAREST * (bases[:, coordinates[n]].std() + 1e-3) for n in names}
    for name in names:
        points[:, :, coordinates[name]] += (spread[name] * np.sinh(t))[:, None]
    terms = _terms(parents, points.reshape(-1, bases.shape[1]))
    masses = {}
    for name in names:
        log_density = terms[name].reshape(len(bases), _NODES, -1)
        log_slope = log_step[:, None] + np.log(spread[name])
        found = logsumexp(log_density + log_slope, axis=1)
        refined = []
        for flat in np.argsort(-np.abs(np.nan_to_num(found, neginf=-1e3)), axis=None)[:_REFINED]:
            base, element = map(int, np.unravel_index(flat, found.shape))
            if abs(found[base, element]) > _DOUBTFUL:
                distances = spread[name] * nodes
                refined.append(
                    _refined(parents, name, element, bases[base], distances, random_seed)
                )
        # What was rough where it was measured with care was rough elsewhere too.
        masses[name] = float(max(refined or found.ravel(), key=abs))
    return masses


def _terms(parents: Parents, points: Floats) -> dict[str, Floats]:
    with np.errstate(all="ignore"):
        terms = parents.compiled.prior_terms(points)
    # Far out a density overflows on its way to zero; where it matters, the estimators see it too.
    return {name: np.where(term < np.inf, term, -np.inf) for name, term in terms.items()}


def _refined(
    parents: Parents, name: str, element: int, base: Floats, distances: Floats, random_seed: int
) -> float:
    """Log mass of one element, by adaptive quadrature between draws of it."""
    column = parents.compiled.coordinates[name].start + element
    drawn = parents.draw_given(name, base, _REFINED_DRAWS, random_seed)[:, element]

    def log_density(at: Floats) -> Floats:
        points = np.repeat(base[None], at.size, axis=0)
        points[:, column] = at.ravel()
        return _terms(parents, points)[name][:, element].reshape(at.shape)

    nodes = np.concatenate([drawn[np.isfinite(drawn)], base[column] + distances])
    return log_integral(log_density, np.unique(nodes))


def log_integral(log_density: Callable[[Floats], Floats], nodes: Floats) -> float:
    """Integrate a density between nodes, halving the intervals where two rules disagree.

    Parameters
    ----------
    log_density : callable
        From an array to one of the same shape, nats.
    nodes : ndarray, shape (n,)
        Increasing, 2 or more. What lies outside is not seen, and what is much narrower than the
        interval it lies in may not be.

    Returns
    -------
    float
        Log of the integral, with a relative error of about a millionth.
    """
    rules = [np.polynomial.legendre.leggauss(order) for order in (3, 5)]
    # The ends tell of a peak beside an interval, which the rules inside may both miss.
    rules.append((np.array([-1.0, 1.0]), np.ones(2)))
    abscissae = np.concatenate([at for at, _ in rules])
    tolerances = np.array([[_PRECISION / len(nodes)], [_PEAK]])
    left, right = nodes[:-1], nodes[1:]
    done: list[float] = []
    for _ in range(_ROUNDS):
        half, middle = 0.5 * (right - left), 0.5 * (right + left)
        values = log_density(middle[:, None] + half[:, None] * abscissae) + np.log(half)[:, None]
        parts = np.split(values, [3, 8], axis=1)
        rough, exact, ends = (
            logsumexp(part + np.log(weights), axis=1)
            for part, (_, weights) in zip(parts, rules, strict=True)
        )
        scaled = np.exp(np.array([rough, ends, exact]) - logsumexp([*done, *exact]))
        split = (np.abs(scaled[:2] - scaled[2]) > tolerances).any(axis=0)
        done += exact[~split].tolist()
        if not split.any():
            break
        left, middle, right = left[split], middle[split], right[split]
        left, right = np.concatenate([left, middle]), np.concatenate([middle, right])
    return float(logsumexp([*done, *exact[split]]))


def block_mass(parents: Parents, name: str, base: Floats, random_seed: int) -> tuple[float, float]:
    """Integrate a variable that only makes sense as a whole, by bridge sampling.

    Parameters
    ----------
    parents : Parents
    name : str
    base : ndarray, shape (n_dim,)
        A point of the unconstrained space, which gives the variable's parents.
    random_seed : int

    Returns
    -------
    tuple of float
        Log mass and its standard error, in nats.

    Raises
    ------
    EvidenceError
        If it cannot be integrated.
    """
    part = parents.compiled.coordinates[name]
    needed = max(_SHORTEST, part.stop - part.start)
    if needed > _BLOCK_DRAWS[0] // _BLOCK_CHAINS:
        raise EvidenceError(f"{needed} dimensions are too many")
    for size in _BLOCK_DRAWS:
        own = parents.draw_given(name, base, size, random_seed)
        inside = own[np.isfinite(own).all(axis=1)][: _BLOCK_DRAWS[0]]
        length = len(inside) // _BLOCK_CHAINS
        if length >= needed:
            break
    else:
        raise EvidenceError(f"only {len(inside)} of {size} draws have an image")
    draws = inside[: length * _BLOCK_CHAINS].reshape(_BLOCK_CHAINS, length, -1)

    def log_density(rows: Floats) -> Floats:
        whole = np.repeat(base[None], len(rows), axis=0)
        whole[:, part] = rows
        # Several independent blocks of one variable have a term each.
        return _terms(parents, whole)[name].sum(axis=1)

    found = bridge(
        log_density,
        draws,
        proposals_per_draw=_PROPOSALS_PER_DRAW,
        random_seed=random_seed,
        ladder=[StudentProposal.fit],
    )
    log_mass, error = found.untrusted_numbers
    if not np.isfinite(log_mass):
        raise EvidenceError("; ".join(found.reasons))
    # Draws are independent, so only the overlap can fail, and the error shows it.
    return log_mass, error
