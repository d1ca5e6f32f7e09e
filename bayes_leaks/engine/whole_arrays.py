"""Graphs whose every node runs on NumPy for all points at once.

Without a compiler, PyTensor runs some of its operations one number or one point after the other in
Python, hundreds of times slower than an array operation. They are replaced by array operations
here, at no change of value beyond rounding.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import pytensor.tensor as pt
from pytensor.compile.builders import SymbolicOp
from pytensor.compile.rewriting import inline_ofg_node
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import Op
from pytensor.graph.rewriting.basic import GraphRewriter, in2out, node_rewriter
from pytensor.graph.rewriting.utils import rewrite_graph
from pytensor.scalar.basic import Clip
from pytensor.scalar.math import Log1mexp, Softplus
from pytensor.tensor.blockwise import Blockwise
from pytensor.tensor.elemwise import Elemwise
from pytensor.tensor.linalg.decomposition.cholesky import Cholesky
from pytensor.tensor.linalg.solvers.triangular import SolveTriangular
from pytensor.tensor.variable import TensorVariable

_LOG_HALF = -np.log(2.0)


class BatchedCholesky(Op):
    """Cholesky factors of a stack of matrices (..., m, m); NaN where there is none."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        """Give factors of the same shape."""
        (matrices,) = inputs
        return Apply(self, [matrices], [matrices.type()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Any) -> None:
        """Factor all at once, or one by one if one of them has no factor."""
        (matrices,) = inputs
        try:
            factors = np.linalg.cholesky(matrices)
        except np.linalg.LinAlgError:
            factors = np.empty_like(matrices)
            for place in np.ndindex(matrices.shape[:-2]):
                try:
                    factors[place] = np.linalg.cholesky(matrices[place])
                except np.linalg.LinAlgError:
                    factors[place] = np.nan
        output_storage[0][0] = factors


class BatchedSolve(Op):
    """Solutions of stacks of triangular systems (..., m, m) with right sides (..., m, n)."""

    __props__ = ("lower",)

    def __init__(self, lower: bool) -> None:
        self.lower = lower

    def make_node(self, *inputs: Any) -> Apply:
        """Give solutions of the shape of the right sides, stacked as both together."""
        matrices, right = inputs
        solved = pt.tensor(dtype=right.type.dtype, shape=(None,) * right.type.ndim)
        return Apply(self, [matrices, right], [solved])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: Any) -> None:
        """Solve all at once; NaN and infinity where a diagonal has a zero."""
        matrices, right = inputs
        triangles = np.tril(matrices) if self.lower else np.triu(matrices)
        order = range(triangles.shape[-1])
        stack = np.broadcast_shapes(matrices.shape[:-2], right.shape[:-2])
        result = np.empty((*stack, *right.shape[-2:]), dtype=right.dtype)
        # Forward or back substitution: as many steps as rows, each over all systems.
        for row in order if self.lower else reversed(order):
            known = slice(0, row) if self.lower else slice(row + 1, None)
            done = np.matmul(triangles[..., row, None, known], result[..., known, :])[..., 0, :]
            with np.errstate(divide="ignore", invalid="ignore"):
                result[..., row, :] = (right[..., row, :] - done) / triangles[..., row, row, None]
        output_storage[0][0] = result


def _elementwise(_: Any, node: Any) -> list[TensorVariable] | None:
    """Write functions without a ufunc by others that have one."""
    op, x = node.op.scalar_op, node.inputs[0]
    if isinstance(op, Clip):
        low, high = node.inputs[1:]
        return [pt.minimum(pt.maximum(x, low), high).astype(node.outputs[0].dtype)]
    if isinstance(op, Softplus):
        return [pt.maximum(x, 0.0) + pt.log1p(pt.exp(-pt.abs(x)))]
    if isinstance(op, Log1mexp):
        return [pt.switch(x < _LOG_HALF, pt.log1p(-pt.exp(x)), pt.log(-pt.expm1(x)))]
    return None


def _linear_algebra(_: Any, node: Any) -> list[TensorVariable] | None:
    """Factor and solve stacks of matrices as a whole."""
    op = node.op.core_op
    if isinstance(op, Cholesky) and op.lower:
        return [cast(TensorVariable, BatchedCholesky()(*node.inputs))]
    if not isinstance(op, SolveTriangular) or op.unit_diagonal:
        return None
    matrices, right = node.inputs
    solve = cast(Callable[..., TensorVariable], BatchedSolve(op.lower))
    if op.b_ndim == 2:
        return [solve(matrices, right)]
    if matrices.type.broadcastable[-3]:
        # One matrix for a set of vectors: they are the columns of one right side.
        return [solve(matrices[..., 0, :, :], right.mT).mT]
    return [solve(matrices, right[..., None])[..., 0]]


def _inline(_: Any, node: Any) -> list[Variable]:
    return inline_ofg_node(node)


ON_WHOLE_ARRAYS: GraphRewriter = in2out(
    node_rewriter([Elemwise])(_elementwise),
    node_rewriter([Blockwise])(_linear_algebra),
    ignore_newtrees=True,
)
"""For the end of the rewrites: earlier ones would turn the formulas back."""
_INLINE: GraphRewriter = in2out(node_rewriter([SymbolicOp])(_inline))


def inlined(graphs: Sequence[Variable]) -> list[Variable]:
    """Put the inner graphs of functions such as logsumexp in the place of their calls.

    Parameters
    ----------
    graphs : sequence of Variable

    Returns
    -------
    list of Variable
        Copies that give the same values.
    """
    found = rewrite_graph(list(graphs), include=(), custom_rewrite=_INLINE, clone=True)
    return cast(list[Variable], found)
