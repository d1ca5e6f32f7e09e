"""Which models an evidence can be computed for; the others are refused before anything runs."""

from collections.abc import Sequence

import numpy as np
import pymc as pm
from pymc.distributions.continuous import FlatRV, HalfFlatRV
from pymc.distributions.simulator import SimulatorRV
from pymc.distributions.transforms import CircularTransform
from pymc.variational.minibatch_rv import MinibatchRandomVariable
from pytensor.tensor import TensorVariable

from bayes_leaks.errors import ParameterError


def check_supported(model: pm.Model, *, shared_improper: Sequence[str] = ()) -> None:
    """Refuse a model whose evidence does not exist or cannot be computed here.

    Parameters
    ----------
    model : pymc.Model
        After discrete variables were summed out.
    shared_improper : sequence of str, optional
        Variables with an improper prior that every compared model has too.

    Raises
    ------
    ParameterError
        With all problems together.
    """
    if problems := unsupported(model, shared_improper):
        raise ParameterError("this model has no evidence yet: " + "; ".join(problems) + ".")


def unsupported(model: pm.Model, shared_improper: Sequence[str]) -> list[str]:
    """List every reason to refuse a model; see `check_supported`."""
    free = {rv.name: rv for rv in model.free_RVs}
    problems = []
    if isinstance(shared_improper, str):
        shared_improper = [shared_improper]
    if not model.observed_RVs and not model.potentials:
        problems.append(
            "nothing is observed; give the data as observed= or the likelihood as a Potential"
        )
    weighted = [
        rv.name for rv in model.basic_RVs if isinstance(rv.owner.op, MinibatchRandomVariable)
    ]
    if weighted:
        problems.append(
            f"{_names(weighted)} has total_size=, which raises its density to a power; give all "
            "the data"
        )
    simulated = [rv.name for rv in model.basic_RVs if isinstance(rv.owner.op, SimulatorRV)]
    if simulated:
        problems.append(
            f"{_names(simulated)} is a Simulator, which has no density; write its likelihood as a "
            "distribution"
        )
    discrete = [name for name, rv in free.items() if is_discrete(rv)]
    if discrete:
        problems.append(
            f"{_names(discrete)} is discrete and has to be summed out; write the sum into the model"
        )
    improper = [n for n, rv in free.items() if isinstance(rv.owner.op, FlatRV | HalfFlatRV)]
    undeclared = [name for name in improper if name not in shared_improper]
    if undeclared:
        problems.append(
            f"{_names(undeclared)} has an improper prior, with which an evidence is defined up to "
            "any factor; give a proper prior, or, if every compared model has the same one, name "
            "it in shared_improper"
        )
    if unknown := [name for name in shared_improper if name not in improper]:
        problems.append(
            f"shared_improper names {_names(unknown)}, which has no Flat or HalfFlat prior in it"
        )
    circular = [
        name
        for name, rv in free.items()
        if isinstance(model.rvs_to_transforms[rv], CircularTransform)
    ]
    if circular:
        problems.append(
            f"{_names(circular)} has a circular transform, under which the density repeats for "
            "ever; use transform=pm.distributions.transforms.Interval(-np.pi, np.pi)"
        )
    return problems


def is_discrete(rv: TensorVariable) -> bool:
    """Whether a variable takes whole numbers or truth values."""
    return np.dtype(rv.type.dtype).kind in "iub"


def _names(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))
