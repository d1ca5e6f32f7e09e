"""Array operations give what PyTensor's own give one number or one matrix at a time."""

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.compile.mode import Mode
from pytensor.graph.replace import vectorize_graph
from pytensor.tensor.blockwise import Blockwise

from bayes_leaks.engine.functions import compile_numpy, compile_rows

PLAIN = Mode(linker="py", optimizer="fast_run").excluding("fusion", "inplace")
WIDE = np.array([-800.0, -40.0, -1.0, -0.6, -1e-3, -1e-12, 0.0, 1e-12, 0.5, 30.0, 800.0, np.inf])

ELEMENTWISE = {
    "softplus": (pt.softplus, WIDE),
    "softplus from its formula": (lambda x: pt.log1p(pt.exp(x)), WIDE),
    "log1mexp": (pt.log1mexp, WIDE[WIDE <= 0.0]),
    "log1mexp from its formula": (lambda x: pt.log(1.0 - pt.exp(x)), WIDE[WIDE <= 0.0]),
    "clip": (lambda x: pt.clip(x, -0.5, 2.0), WIDE),
    "clip of integers": (lambda x: pt.clip(pt.round(x).astype("int64"), 0, 3), WIDE[1:-2]),
}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_functions_of_numbers(name: str) -> None:
    function, at = ELEMENTWISE[name]
    x = pt.vector("x")
    got = compile_numpy([x], function(x))(at)
    with np.errstate(all="ignore"):
        wanted = pytensor.function([x], function(x), mode=PLAIN)(at)
    assert got.dtype == wanted.dtype
    np.testing.assert_allclose(got, wanted, rtol=1e-14, atol=0.0)


def rows_one_by_one(inputs: list, outputs: list, arrays: list[np.ndarray]) -> list[np.ndarray]:
    function = pytensor.function(inputs, outputs, mode=PLAIN)
    found = [function(*row) for row in zip(*arrays, strict=True)]
    return [np.stack(values) for values in zip(*found, strict=True)]


@pytest.mark.parametrize("axis", [0, 1, None])
def test_logsumexp_and_logaddexp(axis: int | None) -> None:
    x, y = pt.matrix("x"), pt.scalar("y")
    graphs = [pt.logsumexp(x, axis=axis), pt.logaddexp(x, y), pt.special.log_softmax(x, axis=axis)]
    rng = np.random.default_rng(1)
    arrays = [200.0 * rng.normal(size=(7, 3, 4)), rng.normal(size=7)]
    arrays[0][0, 0] = -np.inf
    arrays[0][1] = -np.inf
    with np.errstate(all="ignore"):
        got = compile_rows([x, y], graphs)(*arrays)
        wanted = rows_one_by_one([x, y], graphs, arrays)
    for one, other in zip(got, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13)


def covariances(n: int, size: int) -> np.ndarray:
    roots = np.random.default_rng(2).normal(size=(n, size, size))
    return roots @ np.swapaxes(roots, 1, 2) + 0.1 * np.eye(size)


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("b_ndim", [1, 2])
def test_factors_and_triangular_systems(lower: bool, b_ndim: int) -> None:
    matrix, right = pt.matrix("matrix"), pt.matrix("right")
    factor = pt.linalg.cholesky(matrix)
    triangle = factor if lower else factor.mT
    # With b_ndim=1 every row of `right` is a system of its own.
    solved = pt.linalg.solve_triangular(triangle, right, lower=lower, b_ndim=b_ndim)
    arrays = [covariances(9, 4), np.random.default_rng(3).normal(size=(9, 4, 4))]
    got = compile_rows([matrix, right], [factor, solved])(*arrays)
    for one, other in zip(
        got, rows_one_by_one([matrix, right], [factor, solved], arrays), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-10)


def test_a_vector_for_each_matrix() -> None:
    matrix, right = pt.matrix("matrix"), pt.vector("right")
    solved = pt.linalg.solve_triangular(matrix, right, lower=True, b_ndim=1)
    arrays = [np.linalg.cholesky(covariances(5, 3)), np.random.default_rng(4).normal(size=(5, 3))]
    got = compile_rows([matrix, right], [solved])(*arrays)
    wanted = rows_one_by_one([matrix, right], [solved], arrays)
    np.testing.assert_allclose(got[0], wanted[0], rtol=1e-12)


def test_a_matrix_without_a_factor_spoils_no_other() -> None:
    matrix = pt.matrix("matrix")
    matrices = covariances(4, 3)
    matrices[1] = -np.eye(3)
    (factors,) = compile_rows([matrix], [pt.linalg.cholesky(matrix)])(matrices)
    assert np.isnan(factors[1]).all()
    np.testing.assert_allclose(factors[[0, 2, 3]], np.linalg.cholesky(matrices[[0, 2, 3]]))


def test_nothing_is_left_that_runs_point_by_point() -> None:
    """The negative control: PyTensor's own rewrites leave such nodes."""
    matrix, vector = pt.matrix("matrix"), pt.vector("vector")
    chol = pt.linalg.cholesky(matrix)
    white = pt.linalg.solve_triangular(chol, vector, lower=True, b_ndim=1)
    graph = pt.logsumexp(white) + pt.softplus(vector).sum()
    many = {matrix: pt.tensor3("matrices"), vector: pt.matrix("vectors")}

    def slow(function: pytensor.compile.Function) -> list[str]:
        nodes = function.maker.fgraph.toposort()
        names = [str(node.op) for node in nodes if isinstance(node.op, Blockwise)]
        return names + [str(node.op) for node in nodes if "Softplus" in str(node.op)]

    plain = pytensor.function(list(many.values()), vectorize_graph(graph, many), mode=PLAIN)
    assert len(slow(plain)) == 4
    assert slow(compile_rows([matrix, vector], [graph])) == []
