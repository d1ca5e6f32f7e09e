"""Gradients of the models' log densities against finite differences."""

from collections.abc import Callable

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from leak_fleets import HYPOTHESES, NAMES, irregular

from bayes_leaks import engine
from bayes_leaks.record import LeakHistory

STEP = 1e-3
type Density = Callable[[np.ndarray], tuple[float, np.ndarray]]


def density_with_gradient(name: str, history: LeakHistory) -> tuple[Density, np.ndarray]:
    """Give value and gradient of the log density over the joined unconstrained parameters."""
    model = HYPOTHESES[name].build(history)
    variables = model.value_vars
    log_density = model.logp()
    gradient = pt.concatenate([pt.flatten(g) for g in pytensor.grad(log_density, variables)])
    function = pytensor.function(variables, [log_density, gradient], mode=engine.NUMPY_MODE)
    initial = model.initial_point()
    shapes = [initial[variable.name].shape for variable in variables]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]

    def evaluate(point: np.ndarray) -> tuple[float, np.ndarray]:
        parts = np.split(point, ends)
        value, slope = function(*(p.reshape(s) for p, s in zip(parts, shapes, strict=True)))
        return float(value), slope

    return evaluate, np.concatenate([initial[v.name].ravel() for v in variables])


def finite_differences(density: Density, point: np.ndarray) -> np.ndarray:
    """Differentiate by central differences of sixth order."""
    slope = np.zeros_like(point)
    for i in range(len(point)):
        for k, factor in ((1, 3 / 2), (2, -3 / 10), (3, 1 / 30)):
            step = np.zeros_like(point)
            step[i] = k * STEP
            slope[i] += factor * (density(point + step)[0] - density(point - step)[0])
    return slope / (2 * STEP)


@pytest.mark.parametrize("n_events", [0, 4])
@pytest.mark.parametrize("name", NAMES)
def test_gradient(name: str, n_events: int) -> None:
    density, initial = density_with_gradient(name, irregular(31, n_events=n_events))
    rng = np.random.default_rng([31, n_events])
    for _ in range(4):
        point = initial + rng.normal(scale=0.7, size=initial.shape)
        value, gradient = density(point)
        assert np.isfinite(value)
        np.testing.assert_allclose(
            gradient, finite_differences(density, point), rtol=1e-7, atol=1e-7
        )


@pytest.mark.parametrize("name", NAMES)
def test_gradient_is_finite_far_out(name: str) -> None:
    density, initial = density_with_gradient(name, irregular(32, n_events=3))
    rng = np.random.default_rng(32)
    for _ in range(40):
        value, gradient = density(initial + rng.normal(scale=3, size=initial.shape))
        if np.isfinite(value):
            assert np.isfinite(gradient).all()
