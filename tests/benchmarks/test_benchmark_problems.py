"""All forms of a problem of the benchmark are one."""

import numpy as np
import pytest
from problems import PROBLEMS, STAN, Problem

from bayes_leaks.engine import CompiledModel

IDS = [problem.rung.name for problem in PROBLEMS]


@pytest.mark.parametrize("problem", PROBLEMS, ids=IDS)
def test_numpy_and_pymc_agree_on_prior_and_likelihood(problem: Problem) -> None:
    compiled = CompiledModel(problem.rung.build())
    dimension = problem.rung.dimension
    cube = np.random.default_rng(1).uniform(0.02, 0.98, size=(200, dimension))
    values = problem.prior(cube)
    points = compiled.unconstrain(values)
    expected = compiled.log_likelihood(points) + compiled.log_potential(points)
    np.testing.assert_allclose(problem.log_likelihood(values), expected, rtol=1e-6, atol=1e-6)
    # Where the cube is uniform, the prior density is one over the volume that it is mapped to:
    # the change of log density along a coordinate is minus that of the log slopes.
    step = 1e-5
    for row in range(3):
        jacobian = np.empty((dimension, dimension))
        for column in range(dimension):
            ahead, behind = cube[[row]].copy(), cube[[row]].copy()
            ahead[0, column] += step
            behind[0, column] -= step
            images = [compiled.unconstrain(problem.prior(side))[0] for side in (ahead, behind)]
            jacobian[:, column] = (images[0] - images[1]) / (2.0 * step)
        volume = np.linalg.slogdet(jacobian)[1]
        assert compiled.log_prior(points[[row]])[0] == pytest.approx(-volume, abs=1e-4)


@pytest.mark.parametrize("problem", PROBLEMS, ids=IDS)
def test_every_problem_has_a_stan_program_for_its_data(problem: Problem) -> None:
    program = (STAN / f"{problem.stan}.stan").read_text(encoding="utf-8")
    declared = program.split("parameters")[0]
    for name in problem.stan_data():
        assert f" {name}" in declared


def test_problems_span_the_dimensions() -> None:
    assert [problem.rung.dimension for problem in PROBLEMS] == [2, 3, 5, 10, 20, 34]
