"""A point at which some free variables of a model are held."""

from collections.abc import Mapping, Sequence

import numpy as np
import pymc as pm
from numpy.typing import ArrayLike
from pytensor.graph.traversal import ancestors

from bayes_leaks.engine import CompiledModel
from bayes_leaks.errors import ParameterError
from bayes_leaks.evidence.inputs import Floats
from bayes_leaks.evidence.savage_dickey import Restriction


def restriction_at(
    compiled: CompiledModel,
    point: Mapping[str, ArrayLike],
    *,
    improper: Sequence[str] = (),
    potentials: str | None = None,
) -> Restriction:
    """Find a point given on the variables' own scales in the unconstrained space.

    Parameters
    ----------
    compiled : CompiledModel
    point : mapping of str to array_like
        Free variables and their values; NaN leaves an element free.
    improper : sequence of str, optional
        Variables with an improper prior.
    potentials : {"likelihood", "prior"}, optional
        What the model's Potentials are.

    Returns
    -------
    Restriction

    Raises
    ------
    ParameterError
        If there is no such point, or no prior density at it; all problems together.
    """
    values = {name: np.asarray(value, dtype=np.float64) for name, value in point.items()}
    problems = _names_and_values(compiled, values, improper)
    if potentials == "prior" and (depending := _potentials_of(compiled.model, values)):
        problems.append(
            f"the Potential {_listed(depending)} belongs to the prior and depends on "
            f"{_listed(values)}, so the prior of the null model may not integrate to one; write "
            "the prior without a Potential"
        )
    if not problems:
        places, images = _images(compiled, values)
        columns, kept, problems = _columns(compiled, values, places)
        for name in columns:
            problems += _image_problems(name, values[name], images[:, columns[name]])
    if problems:
        raise ParameterError("point: " + "; ".join(problems) + ".")
    fixed = [column for some in columns.values() for column in some]

    def log_prior(points: Floats) -> Floats:
        terms = compiled.prior_terms(points)
        chosen = [terms[name][:, elements].sum(axis=1) for name, elements in kept.items()]
        return np.asarray(np.sum(chosen, axis=0))

    return Restriction(fixed, images[0, fixed], log_prior)


def point_label(point: Mapping[str, ArrayLike]) -> str:
    """Write a point as people do: ``delta = 0, beta = [nan, 0.5]``."""
    return ", ".join(
        f"{name} = {_written(np.asarray(value, dtype=np.float64))}" for name, value in point.items()
    )


def _names_and_values(
    compiled: CompiledModel, values: Mapping[str, Floats], improper: Sequence[str]
) -> list[str]:
    """List what is wrong before the unconstrained space is looked at."""
    free = {rv.name: rv for rv in compiled.model.free_RVs}
    problems = [] if values else ["name at least one free variable and its value"]
    if unknown := [name for name in values if name not in free]:
        problems.append(
            f"{_listed(unknown)} is not a free variable; there are {_listed(free) or 'none'}"
        )
    natural = compiled.constrain(np.zeros((1, compiled.dimension))) if free else {}
    for name in (name for name in values if name in free):
        shape = natural[name].shape[1:]
        if name in improper:
            problems.append(f"{name!r} has an improper prior, which has no density at a point")
        elif values[name].shape != shape:
            problems.append(f"{name!r} has shape {shape}, its value {values[name].shape}")
        elif np.isnan(values[name]).all():
            problems.append(f"{name!r} has no value that is a number")
    return problems


def _potentials_of(model: pm.Model, names: Mapping[str, Floats]) -> list[str]:
    """Potentials that depend on variables of these names."""
    held = {rv for rv in model.free_RVs if rv.name in names}
    return [str(term.name) for term in model.potentials if held & set(ancestors([term]))]


def _images(compiled: CompiledModel, values: Mapping[str, Floats]) -> tuple[Floats, Floats]:
    """Two places in the unconstrained space, and where the point lies in it seen from both."""
    places = np.random.default_rng(0).normal(size=(2, compiled.dimension))
    natural = compiled.constrain(places)
    for name, value in values.items():
        natural[name] = np.where(np.isnan(value), natural[name], value)
    return places, compiled.unconstrain(natural)


def _columns(
    compiled: CompiledModel, values: Mapping[str, Floats], places: Floats
) -> tuple[dict[str, list[int]], dict[str, np.ndarray], list[str]]:
    """Columns and prior terms of the held elements of each variable."""
    terms = compiled.prior_terms(places)
    columns: dict[str, list[int]] = {}
    kept: dict[str, np.ndarray] = {}
    problems = []
    for name, value in values.items():
        own = np.arange(compiled.dimension)[compiled.coordinates[name]]
        held = ~np.isnan(value).ravel()
        elementwise = own.size == value.size == terms[name].shape[1]
        if not (elementwise or held.all()):
            problems.append(
                f"the elements of {name!r} have no priors of their own; give all their values"
            )
            continue
        columns[name] = (own[held] if elementwise else own).tolist()
        kept[name] = held if elementwise else np.ones(terms[name].shape[1], dtype=bool)
    return columns, kept, problems


def _image_problems(name: str, value: Floats, images: Floats) -> list[str]:
    if not np.isfinite(images).all():
        return [
            f"{name} = {_written(value)} lies on the boundary of its support or outside it, where "
            "there is no density to compare"
        ]
    if not np.allclose(images[0], images[1], rtol=1e-9, atol=1e-9):
        return [
            f"the bounds of {name!r} depend on other variables; write the null model down and give "
            "both models to bl.compare"
        ]
    return []


def _written(value: Floats) -> str:
    return np.array2string(value, separator=", ", formatter={"float_kind": lambda x: f"{x:g}"})


def _listed(names: Mapping[str, object] | Sequence[str]) -> str:
    return ", ".join(map(repr, names))
