"""Posterior draws in the unconstrained space, from wherever a sampler left them."""

import numpy as np
from xarray import Dataset, DataTree

from bayes_leaks.engine import CompiledModel
from bayes_leaks.errors import ParameterError
from bayes_leaks.evidence.auto import Draws
from bayes_leaks.evidence.inputs import Floats


def unconstrained_draws(compiled: CompiledModel, tree: DataTree) -> Draws:
    """Read posterior draws as points of the unconstrained space.

    They are taken from nutpie's ``unconstrained_draw``, from a group
    ``unconstrained_posterior``, from transformed variables in ``posterior``, or computed by the
    model's forward transforms from the draws themselves, whichever comes first.

    Parameters
    ----------
    compiled : CompiledModel
        The model that was sampled.
    tree : xarray.DataTree
        What the sampler returned, in memory or from a file.

    Returns
    -------
    Draws

    Raises
    ------
    ParameterError
        If draws are missing, belong to another model, or lie on a boundary.
    """
    groups = {name: node.to_dataset() for name, node in tree.children.items()}
    if "posterior" not in groups:
        raise ParameterError(
            f"idata has no group 'posterior', only {', '.join(groups) or 'no groups'}; give what "
            "pm.sample or nutpie.sample returned."
        )
    stats = groups.get("sample_stats", Dataset())
    divergences = float(stats["diverging"].sum()) if "diverging" in stats else 0.0
    if "unconstrained_draw" in stats:
        points = _last(stats["unconstrained_draw"].transpose("chain", "draw", ...).to_numpy())
        known = stats["logp"].transpose("chain", "draw").to_numpy() if "logp" in stats else None
        return Draws(_checked(compiled, points), known, divergences)
    for group in ("unconstrained_posterior", "posterior"):
        values = [compiled.model.rvs_to_values[rv].name for rv in compiled.model.free_RVs]
        if group in groups and all(name in groups[group] for name in values):
            points = np.concatenate([_flat(groups[group], name) for name in values], axis=2)
            return Draws(_checked(compiled, points), None, divergences)
    return Draws(_forward(compiled, groups["posterior"]), None, divergences)


def _forward(compiled: CompiledModel, posterior: Dataset) -> Floats:
    """Push draws on their own scales through the model's transforms."""
    names = [rv.name for rv in compiled.model.free_RVs]
    if missing := [name for name in names if name not in posterior]:
        raise ParameterError(
            f"idata has no draws of {', '.join(map(repr, missing))}; its posterior holds "
            f"{', '.join(map(str, posterior.data_vars))}. Give the draws of this model."
        )
    shape = posterior.sizes["chain"], posterior.sizes["draw"]
    values = {}
    for rv in compiled.model.free_RVs:
        array = posterior[rv.name].transpose("chain", "draw", ...).to_numpy()
        if array.ndim != rv.ndim + 2:
            raise ParameterError(
                f"{rv.name!r} has {array.ndim - 2} dimensions in idata and {rv.ndim} in the model; "
                "these are draws of another model."
            )
        values[rv.name] = array.reshape(-1, *array.shape[2:])
    return _checked(compiled, compiled.unconstrain(values).reshape(*shape, -1))


def _flat(dataset: Dataset, name: str) -> Floats:
    return _last(dataset[name].transpose("chain", "draw", ...).to_numpy())


def _last(array: np.ndarray) -> Floats:
    return np.asarray(array, dtype=np.float64).reshape(*array.shape[:2], -1)


def _checked(compiled: CompiledModel, points: Floats) -> Floats:
    """Refuse points of another size, and points that are not points."""
    if points.shape[2] != compiled.dimension:
        raise ParameterError(
            f"idata has {points.shape[2]} unconstrained parameters, the model "
            f"{compiled.dimension}; these are draws of another model."
        )
    if bad := int((~np.isfinite(points)).any(axis=2).sum()):
        first = np.argwhere(~np.isfinite(points))[0, 2]
        name = next(n for n, part in compiled.coordinates.items() if first < part.stop)
        raise ParameterError(
            f"{bad} draws of idata lie on the boundary of {name!r} or outside it, by rounding or "
            "because they come from another model; sample with nutpie, or with "
            "idata_kwargs={'include_transformed': True}."
        )
    return points
