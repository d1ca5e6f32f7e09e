"""From the priors of a model file to PyMC variables, draws, densities and a table.

The same declaration feeds PyMC (fitting) and SciPy (simulation, tables, plots); tests hold the two
to the same density. PyMC and SciPy are imported when first needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from bayes_leaks.errors import ParameterError
from bayes_leaks.hypotheses.distributions import CAUSES, DISTRIBUTIONS, suggest
from bayes_leaks.hypotheses.model_file import ModelFile, Prior

if TYPE_CHECKING:
    from pytensor.tensor.variable import TensorVariable

QUANTILES: Final = (0.05, 0.5, 0.95)

# SciPy accepts shares whose sum differs from 1 by this much, and refuses others with an error.
_SUM_TOLERANCE: Final = 1e-9


class FrozenPrior(Protocol):
    """A distribution with its arguments filled in: the part of SciPy's interface used here."""

    def logpdf(self, x: ArrayLike, /) -> Any:
        """Return the log density at `x`; the last axis of `x` is the share for a Dirichlet."""

    def ppf(self, q: ArrayLike, /) -> Any:
        """Return quantiles; for a Dirichlet those of each share by itself, on a last axis."""

    def rvs(self, *, size: Any, random_state: np.random.Generator) -> Any:
        """Return independent draws."""


def freeze(prior: Prior) -> FrozenPrior:
    """Return the prior as a SciPy distribution with its arguments filled in.

    Parameters
    ----------
    prior : Prior

    Returns
    -------
    FrozenPrior
        With the methods ``logpdf``, ``ppf`` and ``rvs``.
    """
    from scipy import stats

    entry = DISTRIBUTIONS[prior.distribution]
    frozen = getattr(stats, entry.scipy_name)(**entry.to_scipy(prior.arguments))
    shares_or_number: FrozenPrior = _Shares(frozen) if entry.is_simplex else frozen
    return shares_or_number


def add_priors(model_file: ModelFile) -> dict[str, TensorVariable[Any, Any]]:
    """Create the free variables of a hypothesis in the PyMC model on the context stack.

    Parameters
    ----------
    model_file : ModelFile
        The priors. Shares get the dimension ``cause`` with the coordinates random, defect, common.

    Returns
    -------
    dict of str to TensorVariable
        The variables by parameter name, in the units of the model file.

    Examples
    --------
    >>> import pymc as pm
    >>> from bayes_leaks.hypotheses.model_file import find_model_file, read_model_file
    >>> model_file = read_model_file(find_model_file("random"), required={"leak_rate": "positive"})
    >>> with pm.Model() as model:
    ...     variables = add_priors(model_file)
    >>> list(variables), [variable.name for variable in model.free_RVs]
    (['leak_rate'], ['leak_rate'])
    """
    import pymc

    model = pymc.modelcontext(None)
    variables = {}
    for name, prior in model_file.parameters.items():
        entry = DISTRIBUTIONS[prior.distribution]
        if entry.is_simplex:
            model.add_coords({"cause": CAUSES})
        # PyTensor keeps a Python float such as 2.0 in single precision, an array as it is.
        keywords = {key: np.asarray(x) for key, x in entry.to_pymc(prior.arguments).items()}
        variables[name] = getattr(pymc, prior.distribution)(
            name, **keywords, dims="cause" if entry.is_simplex else None
        )
    return variables


def draw(
    model_file: ModelFile,
    random_seed: int | np.random.Generator | np.random.SeedSequence,
    size: int | tuple[int, ...],
) -> dict[str, NDArray[np.float64]]:
    """Draw parameter values from their priors.

    Parameters
    ----------
    model_file : ModelFile
        The priors.
    random_seed : int, numpy.random.Generator or numpy.random.SeedSequence
        A generator is used as it is and advanced.
    size : int or tuple of int
        Shape of the draws.

    Returns
    -------
    dict of str to ndarray
        By parameter name; shape `size`, with a last axis of length 3 for shares.

    Examples
    --------
    >>> from bayes_leaks.hypotheses.model_file import find_model_file, read_model_file
    >>> model_file = read_model_file(find_model_file("random"), required={"leak_rate": "positive"})
    >>> draw(model_file, random_seed=1, size=4)["leak_rate"].shape
    (4,)
    """
    rng = np.random.default_rng(random_seed)
    return {
        name: np.asarray(freeze(prior).rvs(size=size, random_state=rng))
        for name, prior in model_file.parameters.items()
    }


def log_density(model_file: ModelFile, values: Mapping[str, ArrayLike]) -> NDArray[np.float64]:
    """Return the joint log prior density.

    Parameters
    ----------
    model_file : ModelFile
        The priors.
    values : mapping of str to array_like
        A value or array of values for every parameter, in the units of the model file. Shares
        have a last axis of length 3. The arrays are broadcast against each other.

    Returns
    -------
    ndarray
        Log density in nats; minus infinity where a value is impossible.

    Raises
    ------
    ParameterError
        If a parameter is missing from `values`, or `values` has an unknown one.
    """
    names = model_file.parameters
    problems = [
        f"{name!r} is not a parameter of {model_file.name!r}{suggest(name, names)}; remove it"
        for name in values
        if name not in names
    ]
    problems += [f"{name!r} is missing; give its value" for name in names if name not in values]
    if problems:
        raise ParameterError(f"values: {'; '.join(problems)}")
    terms = [freeze(prior).logpdf(values[name]) for name, prior in names.items()]
    total: NDArray[np.float64] = np.sum(np.broadcast_arrays(*terms), axis=0)
    return total


def describe(model_file: ModelFile) -> pd.DataFrame:
    """Return the priors as a table for people.

    Parameters
    ----------
    model_file : ModelFile
        The priors.

    Returns
    -------
    pandas.DataFrame
        One row per parameter (per cause for shares), with the columns parameter, prior, unit,
        the prior quantiles 5 %, 50 % and 95 %, reason and source.
    """
    rows = []
    for name, prior in model_file.parameters.items():
        quantiles = np.asarray(freeze(prior).ppf(QUANTILES))
        if quantiles.ndim == 1:
            labels, columns = [name], quantiles[:, None]
        else:
            labels, columns = [f"{name}[{cause}]" for cause in CAUSES], quantiles
        for label, column in zip(labels, columns.T, strict=True):
            row: dict[str, Any] = {"parameter": label, "prior": prior.text, "unit": prior.unit}
            row |= {f"{100 * q:.0f} %": value for q, value in zip(QUANTILES, column, strict=True)}
            rows.append(row | {"reason": prior.reason, "source": prior.source})
    return pd.DataFrame(rows)


class _Shares:
    """SciPy's Dirichlet with the last axis as the share, and no error outside the simplex."""

    def __init__(self, dirichlet: Any) -> None:
        self._dirichlet = dirichlet

    def logpdf(self, x: ArrayLike, /) -> NDArray[np.float64]:
        shares = np.asarray(x, dtype=float)
        rows = shares.reshape(-1, shares.shape[-1])
        inside = (rows > 0).all(axis=1) & (abs(rows.sum(axis=1) - 1) < _SUM_TOLERANCE)
        result = np.full(len(rows), -np.inf)
        if inside.any():
            result[inside] = self._dirichlet.logpdf(rows[inside].T)
        return result.reshape(shares.shape[:-1])

    def ppf(self, q: ArrayLike, /) -> NDArray[np.float64]:
        from scipy import stats

        alpha = np.asarray(self._dirichlet.alpha)
        quantiles = stats.beta.ppf(np.asarray(q)[..., None], alpha, alpha.sum() - alpha)
        return np.asarray(quantiles)

    def rvs(self, *, size: Any, random_state: np.random.Generator) -> NDArray[np.float64]:
        return np.asarray(self._dirichlet.rvs(size=size, random_state=random_state))
