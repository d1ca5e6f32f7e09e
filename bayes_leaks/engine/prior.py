"""Points of the prior: drawn at random, or from quantiles."""

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
import pymc as pm
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.graph.replace import graph_replace
from pytensor.tensor import TensorVariable

from bayes_leaks.engine.functions import FloatArray, compile_numpy, compile_rows
from bayes_leaks.errors import EvidenceError


class PriorSampler:
    """The joint prior of the free variables of a model, compiled at first use.

    Parameters
    ----------
    variables : sequence of TensorVariable
        Parents before their children.
    """

    def __init__(self, variables: Sequence[TensorVariable]) -> None:
        self._variables = list(variables)

    def draw(self, size: int, random_seed: int) -> dict[str, np.ndarray]:
        """Draw every variable from its prior.

        Parameters
        ----------
        size : int
            Number of draws, 1 or more.
        random_seed : int

        Returns
        -------
        dict of str to ndarray, shape (size, *shape of the variable)

        Raises
        ------
        EvidenceError
            If a prior cannot be drawn from.
        """
        draw, generators = self._one_draw
        pm.pytensorf.reseed_rngs(generators, random_seed)
        columns = zip(self._variables, *(draw() for _ in range(size)), strict=True)
        return {rv.name: np.stack(values) for rv, *values in columns}

    @cached_property
    def _one_draw(self) -> tuple[Callable[[], list[np.ndarray]], list[SharedVariable]]:
        """One draw, and the generators it comes from."""
        updates = pm.pytensorf.collect_default_updates(self._variables)
        draw = compile_numpy([], self._variables, updates=updates)
        try:
            draw()
        except NotImplementedError as error:
            raise EvidenceError(
                f"the prior cannot be drawn from: {error}. Use proper priors, and give a "
                "CustomDist a random= function."
            ) from error
        return draw, list(updates)

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every variable on its own scale."""
        return {name: values.shape[1:] for name, values in self.draw(1, random_seed=0).items()}

    @property
    def n_elements(self) -> int:
        """Number of elements of all variables on their own scales."""
        return sum(int(np.prod(shape)) for shape in self.shapes.values())

    def at_quantiles(self, quantiles: FloatArray) -> dict[str, FloatArray]:
        """Map the unit cube to the prior: uniform rows become independent draws.

        Parameters
        ----------
        quantiles : ndarray, shape (n, n_elements)
            One column per element, strictly between 0 and 1.

        Returns
        -------
        dict of str to ndarray, shape (n, *shape of the variable)

        Raises
        ------
        EvidenceError
            If a prior has no quantile function.
        """
        sizes = [int(np.prod(shape)) for shape in self.shapes.values()]
        columns = np.split(quantiles, np.cumsum(sizes)[:-1], axis=1)
        shaped = [
            part.reshape(len(quantiles), *shape)
            for part, shape in zip(columns, self.shapes.values(), strict=True)
        ]
        return dict(zip(self.shapes, self._quantile_function(*shaped), strict=True))

    @cached_property
    def _quantile_function(self) -> Callable[..., list[FloatArray]]:
        quantiles = [rv.type() for rv in self._variables]
        values: dict[Variable, Variable] = {}
        for rv, quantile in zip(self._variables, quantiles, strict=True):
            try:
                value = pm.icdf(rv, quantile, warn_rvs=False)
            except (NotImplementedError, RuntimeError) as error:
                raise EvidenceError(
                    f"the prior of {rv.name!r} has no quantile function in PyMC ({error}); use "
                    "another method."
                ) from error
            # Parents come first, so they have values by now.
            values[rv] = graph_replace([value], values, strict=False)[0]
        return compile_rows(quantiles, list(values.values()))
