"""Which variables of a model depend on which, and draws of one given the others."""

from collections.abc import Sequence
from typing import cast

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Variable
from pytensor.graph.replace import graph_replace
from pytensor.graph.traversal import ancestors
from pytensor.tensor import TensorVariable

from bayes_leaks.engine import CompiledModel
from bayes_leaks.engine.prior import PriorSampler
from bayes_leaks.evidence.inputs import Floats


class Parents:
    """The free variables of a model in order of dependence.

    Parameters
    ----------
    compiled : CompiledModel
    improper : sequence of str, optional
        Variables that cannot be drawn; they are held fixed in the middle of the unconstrained
        space.

    Attributes
    ----------
    of : dict of str to list of str
        The free variables that each one depends on, parents of parents included.
    levels : list of list of str
        Names of the proper variables; none depends on another of its own level or of a later one.
    """

    def __init__(self, compiled: CompiledModel, improper: Sequence[str] = ()) -> None:
        self.compiled = compiled
        self.variable = {rv.name: rv for rv in compiled.model.free_RVs}
        free = set(self.variable.values())
        self.of = {
            name: [str(node.name) for node in ancestors([rv]) if node in free and node is not rv]
            for name, rv in self.variable.items()
        }
        depth: dict[str, int] = {}
        for name in self.variable:
            depth[name] = 1 + max((depth[parent] for parent in self.of[name]), default=0)
        self._proper = [name for name in self.variable if name not in improper]
        self._improper = [name for name in self.variable if name in improper]
        self.levels = [
            [name for name in self._proper if depth[name] == level]
            for level in sorted(set(depth.values()))
        ]

    def draw(self, size: int, random_seed: int) -> Floats:
        """Draw all variables from the prior, those that cannot be drawn excepted.

        Parameters
        ----------
        size : int
        random_seed : int

        Returns
        -------
        ndarray, shape (size, n_dim)
            Points of the unconstrained space; NaN where a draw has no image.

        Raises
        ------
        EvidenceError
            If a prior cannot be drawn from.
        """
        if not self._improper:
            drawn = self.compiled.draw_prior(size, random_seed)
            return self.compiled.unconstrain(drawn)
        middle = np.zeros((1, self.compiled.dimension))
        return self._conditional(self._proper, self._improper, middle, size, random_seed)

    def draw_given(self, name: str, base: Floats, size: int, random_seed: int) -> Floats:
        """Draw one variable given its parents.

        Parameters
        ----------
        name : str
        base : ndarray, shape (n_dim,)
            A point of the unconstrained space, which gives the parents.
        size : int
        random_seed : int

        Returns
        -------
        ndarray, shape (size, number of coordinates of the variable)
            NaN where a draw has no image.

        Raises
        ------
        EvidenceError
            If the variable cannot be drawn.
        """
        points = self._conditional([name], self.of[name], base[None], size, random_seed)
        return points[:, self.compiled.coordinates[name]]

    def _conditional(
        self, names: Sequence[str], given: Sequence[str], base: Floats, size: int, random_seed: int
    ) -> Floats:
        """Points whose variables `names` are drawn given others, and the rest is as in `base`."""
        natural = self.compiled.constrain(base)
        fixed: dict[Variable, Variable] = {}
        for name in given:
            rv = self.variable[name]
            fixed[rv] = rv.type.filter_variable(
                pt.constant(natural[name][0].astype(rv.type.dtype)), allow_convert=True
            )
        rest = [self.variable[name] for name in names]
        conditional = graph_replace(rest, fixed, strict=False)
        drawn = PriorSampler(cast(list[TensorVariable], conditional)).draw(size, random_seed)
        values = {name: np.repeat(value, size, axis=0) for name, value in natural.items()}
        return self.compiled.unconstrain({**values, **drawn})
