"""Posterior draws in the unconstrained space, from wherever a sampler left them."""

import re
from collections.abc import Mapping

import numpy as np
from xarray import DataArray, Dataset, DataTree

from bayes_leaks.engine import CompiledModel
from bayes_leaks.errors import ParameterError
from bayes_leaks.evidence.auto import Draws
from bayes_leaks.evidence.inputs import Floats

_LABELS = "unconstrained_parameter"
_SPOT_CHECKS = 8
_NAMED = 8
_MEND = "give what pm.sample or nutpie.sample returned"


def unconstrained_draws(compiled: CompiledModel, tree: DataTree) -> Draws:
    """Read posterior draws as points of the unconstrained space.

    They are taken from nutpie's ``unconstrained_draw`` if the sampler kept it. Otherwise each
    variable is taken from the group ``unconstrained_posterior``, from its transformed values in
    ``posterior``, or computed by the model's forward transforms, whichever comes first.

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
        If draws are missing, belong to another model or to other data, or lie on a boundary.
    """
    if not isinstance(tree, DataTree):
        raise ParameterError(f"idata is a {type(tree).__name__}, not a DataTree; {_MEND}.")
    groups = {name: node.to_dataset() for name, node in tree.children.items()}
    if "posterior" not in groups:
        raise ParameterError(
            f"idata has no group 'posterior', only {', '.join(groups) or 'no groups'}; {_MEND}."
        )
    stats = groups.get("sample_stats", Dataset())
    divergences = float(stats["diverging"].sum()) if "diverging" in stats else 0.0
    if "unconstrained_draw" not in stats:
        return Draws(_checked(compiled, _by_variable(compiled, groups)), None, divergences)
    points = _checked(compiled, _kept_by_sampler(compiled, stats["unconstrained_draw"]))
    known = _along_chains(stats["logp"]) if "logp" in stats else None
    if known is not None:
        _check_density(compiled, points, known)
    return Draws(points, known, divergences)


def _along_chains(array: DataArray) -> Floats:
    """Values of shape (chains, draws, ...)."""
    if missing := {"chain", "draw"} - set(array.dims):
        raise ParameterError(
            f"{array.name!r} of idata has no dimension {', '.join(sorted(missing))}, only "
            f"{', '.join(map(str, array.dims))}; select chains and draws with lists or slices."
        )
    return np.asarray(array.transpose("chain", "draw", ...).to_numpy(), dtype=np.float64)


def _flat(array: DataArray) -> Floats:
    values = _along_chains(array)
    return values.reshape(*values.shape[:2], -1)


def _kept_by_sampler(compiled: CompiledModel, array: DataArray) -> Floats:
    """Points as the sampler saw them; columns are found by their labels, if there are any."""
    points = _flat(array)
    if _LABELS not in array.coords:
        return points
    labels = [str(label) for label in array[_LABELS].to_numpy()]
    columns: list[int] = []
    for rv in compiled.model.free_RVs:
        name = compiled.model.rvs_to_values[rv].name
        # An element of "w" is labelled "w_0", or "w_0.1" in a matrix.
        pattern = re.compile(re.escape(name) + r"(_\d+(\.\d+)*)?")
        part = compiled.coordinates[rv.name]
        own = list(range(part.start, part.stop))
        if len(labels) < part.stop or not all(map(pattern.fullmatch, labels[part])):
            own = [at for at, label in enumerate(labels) if pattern.fullmatch(label)]
        if len(own) != part.stop - part.start:
            raise ParameterError(
                f"idata has {len(own)} unconstrained parameters {name!r} and the model "
                f"{part.stop - part.start}; it holds {', '.join(labels[:_NAMED])}. Give the draws "
                "of this model."
            )
        columns += own
    return points[:, :, columns]


def _by_variable(compiled: CompiledModel, groups: Mapping[str, Dataset]) -> Floats:
    """Points put together from transformed values and forward transforms."""
    columns: dict[str, Floats] = {}
    posterior = groups["posterior"]
    for rv in compiled.model.free_RVs:
        name = compiled.model.rvs_to_values[rv].name
        for group in (groups.get("unconstrained_posterior", Dataset()), posterior):
            if name in group:
                columns[rv.name] = _flat(group[name])
                break
    rest = [name for name in compiled.coordinates if name not in columns]
    if rest:
        points = _forward(compiled, posterior)
        columns |= {name: points[:, :, compiled.coordinates[name]] for name in rest}
    return np.concatenate([columns[name] for name in compiled.coordinates], axis=2)


def _forward(compiled: CompiledModel, posterior: Dataset) -> Floats:
    """Push draws on their own scales through the model's transforms."""
    if missing := [name for name in compiled.coordinates if name not in posterior]:
        raise ParameterError(
            f"idata has no draws of {', '.join(map(repr, missing))}; its posterior holds "
            f"{', '.join(map(str, posterior.data_vars))}. Give the draws of this model."
        )
    middle = compiled.constrain(np.zeros((1, compiled.dimension)))
    values, problems = {}, []
    for name, like in middle.items():
        values[name] = _along_chains(posterior[name])
        if values[name].shape[2:] != like.shape[1:]:
            problems.append(
                f"{name!r} has shape {values[name].shape[2:]} in idata and {like.shape[1:]} in the "
                "model"
            )
    if problems:
        raise ParameterError("; ".join(problems) + "; these are draws of another model.")
    flat = {name: array.reshape(-1, *array.shape[2:]) for name, array in values.items()}
    shape = next(iter(values.values())).shape[:2]
    return compiled.unconstrain(flat).reshape(*shape, -1)


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


def _check_density(compiled: CompiledModel, points: Floats, known: Floats) -> None:
    """Refuse draws from another posterior: the sampler saw other log densities."""
    flat, seen = points.reshape(-1, points.shape[2]), known.ravel()
    spots = np.linspace(0, len(flat) - 1, _SPOT_CHECKS).astype(int)
    found = compiled.log_density(flat[spots])
    wrong = ~np.isclose(found, seen[spots], rtol=1e-6, atol=1e-3, equal_nan=True)
    if wrong.any():
        first = int(np.argmax(wrong))
        raise ParameterError(
            f"idata was drawn from another posterior: at one of its draws the sampler found the "
            f"log density {seen[spots][first]:.6g}, and this model has {found[first]:.6g}. Give "
            "the draws of this model on its present data."
        )
