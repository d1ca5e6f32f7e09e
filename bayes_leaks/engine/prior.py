"""Points of the prior: drawn at random, or from quantiles."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import cast

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
from pymc.distributions.custom import CustomDistRV
from pymc.distributions.shape_utils import change_dist_size
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.graph.replace import graph_replace, vectorize_graph
from pytensor.graph.traversal import ancestors
from pytensor.tensor import TensorVariable
from pytensor.tensor.random.op import RandomVariable
from pytensor.tensor.type_other import NoneTypeT

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
        draw, generators = self._rows if self._has_rows else self._one_draw
        pm.pytensorf.reseed_rngs(generators, random_seed)
        try:
            if self._has_rows:
                drawn = draw(size)
            else:
                columns = zip(*(draw() for _ in range(size)), strict=True)
                drawn = [np.stack(column) for column in columns]
        except NotImplementedError as error:
            raise EvidenceError(
                f"the prior cannot be drawn from: {str(error).splitlines()[0]}. Use proper priors, "
                "and give a CustomDist a random= function."
            ) from error
        return {str(rv.name): values for rv, values in zip(self._variables, drawn, strict=True)}

    @property
    def _has_rows(self) -> bool:
        """Whether every distribution is a plain one, of which many can be drawn in one call."""
        ops = [rv.owner.op for rv in self._variables]
        return all(
            isinstance(op, RandomVariable) and not isinstance(op, CustomDistRV) for op in ops
        )

    @cached_property
    def _rows(self) -> tuple[Callable[..., list[np.ndarray]], list[SharedVariable]]:
        """From a size to as many independent draws, and the generators they come from."""
        size = pt.lscalar("size")
        rows: dict[Variable, Variable] = {}
        for rv in self._variables:
            above = {parent: rows[parent] for parent in ancestors([rv]) if parent in rows}
            # With rows of parents the variable gets rows of its own; without, it has to be told.
            rows[rv] = (
                _given_rows(rv, above, size)
                if above
                else change_dist_size(rv, size[None], expand=True)
            )
        graphs = list(rows.values())
        updates = pm.pytensorf.collect_default_updates(graphs)
        return compile_numpy([size], graphs, updates=updates), list(updates)

    @cached_property
    def _one_draw(self) -> tuple[Callable[..., list[np.ndarray]], list[SharedVariable]]:
        """One draw, and the generators it comes from."""
        updates = pm.pytensorf.collect_default_updates(self._variables)
        return compile_numpy([], self._variables, updates=updates), list(updates)

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


def _given_rows(
    rv: TensorVariable, above: dict[Variable, Variable], size: TensorVariable
) -> Variable:
    """Rows of a variable given rows of those it depends on."""
    op, node = rv.owner.op, rv.owner
    parameters = vectorize_graph(list(op.dist_params(node)), above)
    shape = op.size_param(node)
    # PyTensor's own rule looks at the first parameter alone, which may be a constant.
    full = None if isinstance(shape.type, NoneTypeT) else pt.concatenate([size[None], shape])
    rng = pytensor.shared(np.random.default_rng())
    _, rows = op(*parameters, size=full, rng=rng, return_next_rng=True)
    return cast(Variable, rows)
