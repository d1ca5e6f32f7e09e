"""Labels that mean nothing: components of a mixture that can change places."""

from collections.abc import Callable, Sequence
from itertools import permutations

import numpy as np

from bayes_leaks.engine import CompiledModel
from bayes_leaks.errors import ParameterError
from bayes_leaks.evidence.inputs import Floats

MAX_LABELS = 5
# Points of the prior at which a symmetry must hold.
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
    orders = [np.array(order) for order in permutations(range(labels))]

    def permute(points: Floats) -> Floats:
        values = compiled.constrain(points)
        images = [points]
        for order in orders[1:]:
            changed = {name: values[name][..., order] for name in names}
            images.append(compiled.unconstrain({**values, **changed}))
        return np.stack(images)

    if not _is_symmetric(compiled, permute):
        raise ParameterError(
            f"exchangeable: the posterior changes when the labels of {', '.join(map(repr, names))} "
            "are permuted. Name every variable that carries the labels and no other."
        )
    return permute


def find_exchangeable(compiled: CompiledModel) -> tuple[str, ...]:
    """Find variables whose labels can be permuted together without changing the posterior.

    Parameters
    ----------
    compiled : CompiledModel

    Returns
    -------
    tuple of str
        All free variables with the same number of labels on their last axis, if permuting all of
        them, or any one alone, changes nothing; empty if there are none.
    """
    shapes = compiled.prior.shapes
    for labels in range(2, MAX_LABELS + 1):
        names = [name for name, shape in shapes.items() if shape and shape[-1] == labels]
        if not names:
            continue
        for candidate in (names, *([name] for name in names if len(names) > 1)):
            try:
                label_permutations(compiled, candidate)
            except ParameterError:
                continue
            return tuple(candidate)
    return ()


def _is_symmetric(compiled: CompiledModel, permute: Callable[[Floats], Floats]) -> bool:
    points = compiled.unconstrain(compiled.draw_prior(_TRIALS, random_seed=0))
    points = points[np.isfinite(points).all(axis=1)]
    images = permute(points)
    if not len(points) or not np.isfinite(images).all():
        return False

    def on_own_scale(at: Floats) -> Floats:
        return compiled.log_density(at) - compiled.log_jacobian(at)

    expected = on_own_scale(points)
    scale = _TOLERANCE * (1.0 + np.abs(expected))
    return all(bool((np.abs(on_own_scale(i) - expected) < scale).all()) for i in images[1:])


def _check_names(compiled: CompiledModel, names: Sequence[str]) -> int:
    shapes = compiled.prior.shapes
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
