"""Labels that mean nothing: components of a mixture that can change places."""

from collections.abc import Callable, Sequence
from itertools import combinations, permutations

import numpy as np

from bayes_leaks.engine import CompiledModel
from bayes_leaks.errors import EvidenceError, ParameterError
from bayes_leaks.evidence.inputs import Floats

MAX_LABELS = 5
_MAX_NAMES = 6
_TRIALS = 16
_TOLERANCE = 1e-6


def label_permutations(compiled: CompiledModel, names: Sequence[str]) -> Callable[[Floats], Floats]:
    """Return the map from points to all their relabellings.

    Parameters
    ----------
    compiled : CompiledModel
    names : sequence of str
        Free variables whose last axis runs over the same 2 to 5 labels.

    Returns
    -------
    callable
        From points (n, d) to (K!, n, d), the points themselves first.

    Raises
    ------
    ParameterError
        If a variable is not known, has no such axis, or the labels are not exchangeable.
    """
    labels = _check_names(compiled, names)
    if not _is_symmetric(compiled, _trial_points(compiled), names, labels):
        raise ParameterError(
            f"exchangeable: the posterior changes when the labels of {', '.join(map(repr, names))} "
            "are permuted. Name every variable that carries the labels and no other."
        )
    orders = list(permutations(range(labels)))

    def permute(points: Floats) -> Floats:
        return np.stack([points, *(_relabelled(compiled, points, names, o) for o in orders[1:])])

    return permute


def find_exchangeable(compiled: CompiledModel) -> tuple[str, ...]:
    """Find variables whose labels can be permuted together without changing the posterior.

    Parameters
    ----------
    compiled : CompiledModel

    Returns
    -------
    tuple of str
        The largest set of free variables with the same number of labels on their last axis whose
        labels can be permuted together; empty if there are none. Of more than 6 only all or single
        ones are tried.
    """
    shapes = _shapes(compiled)
    points = _trial_points(compiled)
    for labels in range(2, MAX_LABELS + 1):
        names = [name for name, shape in shapes.items() if shape and shape[-1] == labels]
        few = len(names) <= _MAX_NAMES
        for size in range(len(names), 0, -1) if few else (len(names), 1):
            for candidate in combinations(names, size):
                if _is_symmetric(compiled, points, candidate, labels):
                    return candidate
    return ()


def _shapes(compiled: CompiledModel) -> dict[str, tuple[int, ...]]:
    middle = compiled.constrain(np.zeros((1, compiled.dimension)))
    return {name: value.shape[1:] for name, value in middle.items()}


def _trial_points(compiled: CompiledModel) -> Floats:
    """Points at which a symmetry must hold: from the prior where it can be drawn."""
    try:
        points = compiled.unconstrain(compiled.draw_prior(_TRIALS, random_seed=0))
    except EvidenceError:
        points = np.random.default_rng(0).normal(size=(_TRIALS, compiled.dimension))
    return points[np.isfinite(points).all(axis=1)]


def _relabelled(
    compiled: CompiledModel, points: Floats, names: Sequence[str], order: Sequence[int]
) -> Floats:
    values = compiled.constrain(points)
    changed = {name: values[name][..., list(order)] for name in names}
    return compiled.unconstrain({**values, **changed})


def _is_symmetric(
    compiled: CompiledModel, points: Floats, names: Sequence[str], labels: int
) -> bool:
    def on_own_scale(at: Floats) -> Floats:
        return compiled.log_density(at) - compiled.log_jacobian(at)

    expected = on_own_scale(points)
    if not np.isfinite(expected).any():
        return False
    scale = _TOLERANCE * (1.0 + np.abs(expected))
    # Swaps of neighbours make up every permutation.
    for label in range(labels - 1):
        order = list(range(labels))
        order[label : label + 2] = label + 1, label
        images = _relabelled(compiled, points, names, order)
        if not np.isfinite(images).all():
            return False
        found = on_own_scale(images)
        with np.errstate(invalid="ignore"):
            if not ((found == expected) | (np.abs(found - expected) < scale)).all():
                return False
    return True


def _check_names(compiled: CompiledModel, names: Sequence[str]) -> int:
    shapes = _shapes(compiled)
    if unknown := [name for name in names if name not in shapes]:
        raise ParameterError(
            f"exchangeable: {', '.join(map(repr, unknown))} is no free variable; there are "
            f"{', '.join(shapes)}."
        )
    sizes = {name: shapes[name][-1] if shapes[name] else 1 for name in names}
    if len(set(sizes.values())) != 1 or not 2 <= min(sizes.values()) <= MAX_LABELS:
        raise ParameterError(
            f"exchangeable: the last axes have {sizes} labels; all must have the same number, from "
            f"2 to {MAX_LABELS}."
        )
    return min(sizes.values())
